/**
 * A real service for a test, or a skipped test with the reason.
 *
 *     test('…', async (ctx) => {
 *       const postgres = await requireService(ctx, 'postgres');   // { host, port, user, password, adminUrl, version, source }
 *       const debian = await requireService(ctx, 'postgres-15');  // a second server, of Debian's PostgreSQL 15
 *       const kafka = await requireService(ctx, 'kafka');         // { brokers, createTopic, leader, readWithJava, version, source }
 *       const cluster = await requireService(ctx, 'kafka-3');     // the same and { nodes, node(id), heal, logTail }: for fault tests
 *     });
 *
 *     const postgres = useService('postgres');                      // at the top of a file or describe; registers a beforeAll of its own
 *     test('…', () => connect(postgres().adminUrl));
 *
 * The service is shared by all test files of the run: one server per run, started by the first call in any worker (or by the test command,
 * which sets `DEV_SERVICES_STATE`), gone when the run ends, however it ends. Do not break `postgres` and `kafka`: a test that kills, freezes
 * or reconfigures a server starts one of its own (`startPostgres()` 0.4 s, `startKafka()` 2–3 s, of `@busbar-tooling/dev-services`).
 *
 * A missing service: with `CI=true` the test **fails** with reason and help; otherwise it is skipped and the reason is in
 * `task.meta.skipReason`, from where the test command lists it.
 */
import {
  type BreakableKafka,
  type KafkaAccess,
  sharedKafka,
  sharedKafkaCluster,
  type SharedPostgres,
  sharedPostgres,
  sharedPostgresOf,
  type Unavailable,
} from '@busbar-tooling/dev-services';
import {
  beforeAll,
  type RunnerTask,
  type RunnerTestCase,
  type RunnerTestFile,
  type RunnerTestSuite,
  type TestContext,
} from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** Why the test was skipped although it was not asked to be. */
    skipReason?: string;
  }
}

export interface Services {
  /** An address: `testDatabase` makes a database of one's own there. */
  readonly postgres: SharedPostgres;
  /** PostgreSQL 15 of the Debian package, whatever version `postgres` is. */
  readonly 'postgres-15': SharedPostgres;
  /** One node; `testTopic` makes a topic of one's own there. */
  readonly kafka: KafkaAccess;
  /** Three nodes to be broken, for `*.fault.test.ts`, which run one at a time; leave them healed (`await kafka.heal()`). Ready in 6–8 s. */
  readonly 'kafka-3': BreakableKafka;
}

export type ServiceName = keyof Services;

/** The context of a test (also in `beforeEach`), or the suite that a `beforeAll` gets as its second parameter. */
export type ServiceUser = TestContext | Readonly<RunnerTestSuite | RunnerTestFile>;

const attach: { readonly [N in ServiceName]: () => Promise<Services[N] | Unavailable> } = {
  postgres: sharedPostgres,
  'postgres-15': () => sharedPostgresOf(15),
  kafka: sharedKafka,
  'kafka-3': sharedKafkaCluster,
};

const testsOf = (tasks: readonly RunnerTask[]): readonly RunnerTestCase[] =>
  tasks.flatMap((task) => (task.type === 'test' ? [task] : testsOf(task.tasks)));

/** Skips the test, or all tests of the suite, with a reason; does not return. @throws {Error} with the same text when `CI=true`. */
export const skipAll = (user: ServiceUser, { reason, help }: Unavailable): never => {
  const text = help === '' ? reason : `${reason}. ${help}`;
  if (process.env['CI'] === 'true') throw new Error(`A service is missing, and CI=true: ${text}`);
  const tests = 'task' in user ? [user.task] : testsOf(user.tasks);
  for (const test of tests) test.meta.skipReason = reason;
  const [first] = tests;
  if (first !== undefined) return first.context.skip(text);
  throw new Error(`A suite without tests asks for a service: ${text}`);
};

/** Resolves with the run's shared service; skips or fails the caller's tests when there is none. Concurrent calls start it once. */
export const requireService = async <N extends ServiceName>(user: ServiceUser, name: N): Promise<Services[N]> => {
  const service: Services[N] | Unavailable = await attach[name]();
  return service.available ? service : skipAll(user, service);
};

/** What a suite's tests get from a `beforeAll`; throws when it is asked for before. */
export const suiteResource = <T>(start: (suite: ServiceUser) => Promise<T>): (() => T) => {
  let resource: { readonly value: T } | undefined;
  // oxlint-disable-next-line no-empty-pattern -- vitest wants a destructured first parameter
  beforeAll(async ({}, suite) => {
    resource = { value: await start(suite) };
  });
  return () => {
    if (resource === undefined)
      throw new Error('asked for outside a test: it is there once the beforeAll of its suite has run');
    return resource.value;
  };
};

/** {@link requireService} for all tests of a file or suite: call it where `beforeAll` may be called, and the result inside the tests. */
export const useService = <N extends ServiceName>(name: N): (() => Services[N]) =>
  suiteResource((suite) => requireService(suite, name));
