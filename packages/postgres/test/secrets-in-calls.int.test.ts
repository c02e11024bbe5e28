import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { serializeError } from '@busbar/errors';
import { describe, expect, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import type { PostgresOptions } from '../src/options.ts';
import type { Postgres } from '../src/postgres.ts';
import type { Queries } from '../src/queries.ts';
import { createSanitizer } from '../src/sanitizer.ts';
import { sql } from '../src/statement.ts';
import { collect } from './collect.ts';
import { eventually, rejection } from './eventually.ts';
import { useMarkedSecrets } from './marked-secrets.ts';
import { poolOptions } from './pool-options.ts';
import { tlsCertificates } from './tls-certificates.ts';
import { startTlsTerminator } from './tls-terminator.ts';

const RAISES = `language plpgsql as $f$ begin raise exception '%', v using errcode = '23505', detail = v, hint = v, column = v, constraint = v; end $f$`;
const SCHEMA = [
  "create table people (email text primary key check (email not like '%!'), note jsonb, n int)",
  'create table short (v varchar(2))',
  `create function raises(v text) returns int ${RAISES}`,
  `create procedure fails(v text) ${RAISES}`,
];

describe('R-PG-5 a marked secret never shows', () => {
  const db = useTestDatabase();
  const { secret, expectHidden, expectHeardHidden, heard } = useMarkedSecrets();
  const column = (name: string, type: string) => ({ name, type });
  const [email, note, n] = [column('email', 'text'), column('note', 'jsonb'), column('n', 'int4')];
  async function* source(...chunks: readonly unknown[]): AsyncGenerator<string, void, void> {
    for (const chunk of chunks) {
      if (chunk instanceof Error) throw chunk;
      yield String(chunk);
    }
  }
  const toxic = { toJSON: () => { throw new Error(`token=${secret()}`); } }; // prettier-ignore

  /** Calls that carry a secret, most of which are refused here or by the server. */
  const CALLS: readonly ((queries: Queries) => Promise<unknown>)[] = [
    (q) => q.insertMany({ table: 'people', columns: [email], rows: [[`${secret()}!`]] }),
    (q) => q.insertMany({ table: 'people', columns: [email], rows: [[`${secret()}!`], [secret()]] }),
    (q) => q.insertMany({ table: 'people', columns: [email, note], rows: [[secret(), `{"a": ${secret()}`]] }),
    (q) =>
      q.insertMany({
        table: 'people',
        columns: [email, note],
        rows: [
          [secret(), `{${secret()}`],
          ['b', '1'],
        ],
      }),
    (q) =>
      q.insertMany({
        table: 'people',
        columns: [email, n],
        rows: [
          [secret(), secret()],
          ['x', 2],
        ],
      }),
    (q) => q.insertMany({ table: 'people', columns: [email, n], rows: [[secret(), undefined]] }),
    (q) => q.insertMany({ table: 'people', columns: [email, n], rows: [[secret()]] }),
    (q) => q.insertMany({ table: 'people', columns: [email, note], rows: [[secret(), [toxic]]] }),
    (q) => q.insertMany({ table: 'people', columns: [column('email', 'bytea')], rows: [[secret()]] }),
    (q) => q.insertMany({ table: 'short', columns: [column('v', 'text')], rows: [[secret()], [secret()]] }),
    (q) =>
      q.insertMany({
        table: 'people',
        columns: [email],
        rows: [['same'], ['same']],
        onConflict: sql`(email) do update set note = to_jsonb(${secret()}::text), n = ${secret()}::int`,
      }),
    (q) => q.insertMany({ table: 'people', columns: [email], rows: [['c']], onConflict: sql`(n) where ${secret()}` }),
    (q) => q.call('raises', [secret()]),
    (q) => q.call('raises', { v: secret() }),
    (q) => q.call('fails', [secret()], { kind: 'procedure' }),
    (q) => q.call('abs', [secret()]),
    (q) => q.call('raises', [secret(), undefined]),
    (q) => q.call('no_such', [secret()]),
    (q) => q.call('raises', [[toxic]]),
    (q) => q.batch([sql`select ${secret()}::int`, { text: 'select $1::text', values: [secret()] }]),
    async (q) => {
      const settled = await q.batch(
        [
          { text: 'select raises($1)', values: [secret()] },
          { text: `selec '${secret()}'` },
          { text: 'select $1::int', values: [secret()] },
          { text: 'copy people from stdin' },
          { text: `commit '${secret()}'` },
          { text: 'select $1', values: [[toxic]] },
          { text: 'select $1::text', values: [secret()] },
        ],
        { atomic: false },
      );
      const reasons = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
      expect(reasons).toHaveLength(6);
      for (const reason of reasons) expectHidden(reason, 'a statement of a batch');
    },
    async (q) => collect(q.stream('select $1::text from generate_series(1, 3)', [secret()], { batchSize: 1 })),
    async (q) => collect(q.stream('select $1::int / (2 - g) from generate_series(1, 3) g', [secret()])),
    async (q) => collect(q.stream(`select raises(case g when 3 then '${secret()}' end) from generate_series(1, 3) g`)),
    async (q) => collect(q.stream(sql`select ${secret()}`, [], { maxRows: 0 })),
    (q) => q.copyIn(`copy people (email) from stdin -- ${secret()}`, source(secret(), '!\n')),
    (q) => q.copyIn('copy people (email, n) from stdin', source(`${secret()}\t${secret()}\n`)),
    (q) => q.copyIn('copy short from stdin', source(`${secret()}\n`)),
    (q) => q.copyIn(`copy people from stdin (format '${secret()}')`, source(secret())),
    (q) => q.copyIn(`copy people (email) from stdin null '${secret()}\n'`, source(secret())),
    (q) => q.copyIn(`select '${secret()}'`, source(secret())),
    (q) => q.copyIn(`copy (select '${secret()}') to stdout`, source(secret())),
    async (q) => collect(q.copyOut(`copy people from stdin -- ${secret()}`)),
    async (q) => collect(q.copyOut(`copy (select '${secret()}', raises('${secret()}')) to stdout`)),
    async (q) => collect(q.copyOut(`copy (select '${secret()}') to stdout`)),
    async (q) => collect(q.copyOut(`copy people to '/${secret()}/x'`)),
    async (q) => collect(q.copyOut(`select '${secret()}'`)),
  ];

  test('in many rows, a call, a batch, a stream, or a COPY', async () => {
    await using pg = createPostgres(poolOptions(db(), { slowQueryMs: 1, guard: { mode: 'warn', maxScore: 1 } }));
    for (const text of SCHEMA) await pg.execute(text); // oxlint-disable-line no-await-in-loop -- one needs the other
    const run = async (call: (queries: Queries) => Promise<unknown>, index: number): Promise<number> => {
      const inTx = async (retry: boolean): Promise<unknown> =>
        pg.tx({ retry: retry ? { maxAttempts: 2 } : false }, async (tx) => {
          tx.afterRollback((reason) => expectHidden(reason, `the reason of call ${index}`));
          expectHidden(await call(tx).then(() => undefined), `call ${index}`);
        });
      const outcomes = await Promise.allSettled([call(pg), inTx(true), inTx(false)]);
      const errors = outcomes.filter((one) => one.status === 'rejected');
      for (const { reason } of errors) expectHidden(reason, `the error of call ${index}`);
      return errors.length;
    };
    const from = heard.length;
    const failed = await Promise.all(CALLS.map(run));
    expect(failed.filter((count) => count > 0).length).toBeGreaterThan(CALLS.length - 6);
    for (const shown of [pg, pg.stats(), pg.topQueries({ limit: 1_000 }), pg.lifecycle()]) expectHidden(shown, 'it');
    expectHidden(await pg.health({ deep: true }), 'a deep report');
    expectHeardHidden(from, CALLS.length);
  });

  test('in a notification, or in what a handler or a hook makes of it', async () => {
    await using pg = createPostgres(poolOptions(db()));
    const from = heard.length;
    let calls = 0;
    const [parsed, named] = await Promise.all([
      pg.listen('secrets', ({ payload }) => {
        calls += 1;
        JSON.parse(payload);
      }),
      // oxlint-disable-next-line typescript/no-misused-promises -- what a caller can do as well
      pg.listen('secrets', ({ payload }) => Promise.reject(new Error(`refused token=${payload}`))),
    ]);
    for (const shown of [pg, parsed, named, pg.stats()]) expectHidden(shown, 'a listener');
    const payloads = [secret(), `{"a": ${secret()}}`, secret()];
    await pg.query('select pg_notify($1, p) from unnest($2::text[]) p', ['secrets', payloads]);
    await eventually(() => calls === payloads.length, 'all have come');
    expectHidden(await rejection(pg.query(`select pg_notify('', '${secret()}')`)), 'a refused notification');
    await pg.tx(async (tx) => {
      tx.afterCommit(() => {
        JSON.parse(secret());
      });
      await tx.query('select 1');
    });
    expect(heard.slice(from).filter(({ event }) => event === 'listener-error')).toHaveLength(2 * payloads.length);
    expect(heard.slice(from).filter(({ event }) => event === 'hook-error')).toHaveLength(1);
    expectHeardHidden(from, 2 * payloads.length);
  });

  test('in credentials that end, a login that is bound, or TLS from the first byte', async () => {
    const { host, port, database } = db();
    await using admin = createPostgres(poolOptions(db()));
    const [right, role] = [secret(), `ends_${database.slice(-6)}`];
    await admin.execute(`create role ${role} login password '${right}'`);
    await using terminator = await startTlsTerminator(db());
    const { ca } = tlsCertificates;
    const target = { host, port, database, user: role, tls: { mode: 'disable' } } as const;
    const expiresAtMs = Date.now() + 3_600_000;
    const giving = (password: string) => ({ credentials: () => Promise.resolve({ password, expiresAtMs }) });
    const encrypted = { ...target, host: terminator.host, port: terminator.port };
    const from = heard.length;
    const use = async (options: PostgresOptions): Promise<number> => {
      await using pg = createPostgres({ ...options, pool: { acquireTimeoutMs: 500, connectTimeoutMs: 500 } });
      const uses: readonly ((to: Postgres) => Promise<unknown>)[] = [
        (to) => to.query(`select '${right}'::int`),
        (to) => to.listen('secrets', () => undefined, { deadlineMs: 500 }),
        (to) => to.health({ deep: true }),
        (to) => to.start(),
      ];
      const outcomes = await Promise.allSettled(uses.map((one) => one(pg)));
      for (const one of outcomes) expectHidden(one.status === 'rejected' ? one.reason : one.value, 'an outcome');
      for (const shown of [pg, pg.stats(), pg.health(), pg.lifecycle()]) expectHidden(shown, 'an object');
      return outcomes.filter(({ status }) => status === 'rejected').length;
    };
    const rejected = await Promise.all(
      [
        { ...target, ...giving(right) },
        { ...target, ...giving(secret()) },
        { ...encrypted, ...giving(right), tls: { mode: 'verify-ca' as const, ca, cert: secret(), key: secret() } },
        { ...encrypted, password: right, tls: { mode: 'verify-ca' as const, ca, channelBinding: true } },
        { ...target, password: secret(), tls: { mode: 'require' as const, direct: true } },
      ].map(use),
    );
    expect(Math.min(...rejected)).toBeGreaterThan(0);
    expectHeardHidden(from, rejected.length);
    await admin.execute(`drop role ${role}`);
  });

  test('to a sanitizer that knows it, in whatever form it stands', () => {
    const mark = `${secret()}"\\\n%&ü`;
    const sanitizer = createSanitizer({ maxChars: 200 });
    const { sanitize } = sanitizer;
    sanitizer.register(mark);
    const forms = [
      mark,
      encodeURIComponent(mark),
      JSON.stringify(mark),
      `a${mark}${mark}b`,
      `${'x'.repeat(197)}${mark}`,
    ];
    for (const form of forms) expectHidden(sanitize(form), form);
    const error = new Error(`boom ${mark}`, { cause: new Error(mark) });
    expectHidden(serializeError(error, { scrub: sanitize }), 'a serialized error');
    expectHidden(createSanitizer({ secrets: [mark] }), 'the sanitizer');
  });
});
