import { getEventListeners } from 'node:events';

import { manualClock } from '@busbar-tooling/test-kit/manual-clock';
import { TimeoutError } from '@busbar/errors';
import { createRetryPolicy, nextDelayMs, resolveBackoff } from '@busbar/retry';
import fc from 'fast-check';
import { expect, it } from 'vitest';

// Random scripts of what each attempt does and when the caller gives up, against a model that replays them on paper.

type Step =
  | { readonly kind: 'succeed' | 'fail' | 'unknown' | 'fatal'; readonly afterMs: number; readonly hintMs: number }
  | { readonly kind: 'hang' };

interface Script {
  readonly steps: readonly Step[];
  readonly maxAttempts: number;
  readonly deadlineMs: number;
  readonly attemptTimeoutMs: number;
  readonly retryUnknown: boolean;
  readonly abortAtMs: number;
  readonly jitter: 'none' | 'equal' | 'decorrelated';
}

interface Ending {
  readonly as: 'succeeded' | 'stopped' | 'aborted' | 'attempts' | 'deadline';
  readonly atMs: number;
  readonly attempts: number;
  readonly outcome: 'not-sent' | 'unknown' | undefined;
}

const BACKOFF = { baseMs: 50, factor: 2, maxMs: 300 };
const random = (): number => 0.25;

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('succeed' as const, 'unknown' as const, 'fatal' as const),
      afterMs: fc.integer({ min: 0, max: 200 }),
      hintMs: fc.constant(0),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('fail' as const),
      afterMs: fc.integer({ min: 0, max: 200 }),
      hintMs: fc.constantFrom(0, 0, 30, 500),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'hang' as const }) },
);

const never = Number.POSITIVE_INFINITY;
const scripts: fc.Arbitrary<Script> = fc
  .record({
    steps: fc.array(step, { minLength: 8, maxLength: 8 }),
    maxAttempts: fc.integer({ min: 1, max: 6 }),
    deadlineMs: fc.oneof(fc.integer({ min: 1, max: 1_500 }), fc.constant(never)),
    attemptTimeoutMs: fc.oneof(fc.integer({ min: 1, max: 250 }), fc.constant(never)),
    retryUnknown: fc.boolean(),
    // Half a millisecond off the grid: what happens at the very same time is a matter of the unit tests.
    abortAtMs: fc.oneof(
      fc.integer({ min: 0, max: 1_500 }).map((ms) => ms + 0.5),
      fc.constant(never),
    ),
    jitter: fc.constantFrom('none' as const, 'equal' as const, 'decorrelated' as const),
  })
  .map((script) => Object.assign(script, { attemptTimeoutMs: Math.min(script.attemptTimeoutMs, script.deadlineMs) }))
  .filter(
    ({ steps, attemptTimeoutMs, deadlineMs, abortAtMs }) =>
      [attemptTimeoutMs, deadlineMs, abortAtMs].some((limit) => limit !== never) ||
      steps.every(({ kind }) => kind !== 'hang'),
  );

interface Moment {
  readonly startMs: number;
  readonly attempts: number;
  readonly previousMs: number;
  readonly isUnknown: boolean;
}

/** The reference: walks through the script with a pencil, one attempt and the sleep after it at a time. */
// oxlint-disable-next-line complexity -- one line per rule of the loop
const expectedEnding = (script: Script, { startMs, attempts, previousMs, isUnknown }: Moment = FIRST): Ending => {
  const current = script.steps[attempts - 1] ?? { kind: 'hang' };
  const limitMs = Math.min(script.attemptTimeoutMs, script.deadlineMs - startMs);
  const wanted = current.kind === 'hang' ? { kind: 'hang', afterMs: never, hintMs: 0 } : current;
  const { kind, hintMs } = wanted.afterMs < limitMs ? wanted : { kind: 'hang', hintMs: 0 };
  const endMs = startMs + Math.min(wanted.afterMs, limitMs);
  const end = (as: Ending['as'], outcome: Ending['outcome'], atMs = endMs): Ending => ({ as, atMs, attempts, outcome });

  if (script.abortAtMs < endMs) return end('aborted', 'unknown', script.abortAtMs);
  if (kind === 'succeed') return end('succeeded', undefined);
  const mayBeApplied = kind === 'hang' || kind === 'unknown';
  const outcome = isUnknown || mayBeApplied ? 'unknown' : 'not-sent';
  if (endMs >= script.deadlineMs) return end('deadline', outcome);
  if (kind === 'fatal') return end('stopped', undefined);
  if (mayBeApplied && !script.retryUnknown) return end('stopped', outcome);
  if (attempts >= script.maxAttempts) return end('attempts', outcome);
  const backoff = resolveBackoff({ ...BACKOFF, jitter: script.jitter });
  const delayMs = nextDelayMs(backoff, { retry: attempts, previousMs }, random);
  const nextMs = endMs + delayMs + hintMs;
  if (nextMs >= script.deadlineMs) return end('deadline', outcome);
  if (script.abortAtMs < nextMs) return end('aborted', outcome, script.abortAtMs);
  return expectedEnding(script, {
    startMs: nextMs,
    attempts: attempts + 1,
    previousMs: delayMs,
    isUnknown: outcome === 'unknown',
  });
};

const FIRST: Moment = { startMs: 0, attempts: 1, previousMs: BACKOFF.baseMs, isUnknown: false };

const errorOf = (current: Step): Error => {
  if (current.kind === 'fatal') return new Error('fatal');
  const outcome = current.kind === 'unknown' ? 'unknown' : 'not-sent';
  const hintMs = current.kind === 'hang' ? 0 : current.hintMs;
  return new TimeoutError({ what: 'a step', limitMs: 1 }, { outcome, retryAfterMs: hintMs });
};

const actualEnding = async (script: Script): Promise<Ending> => {
  const clock = manualClock();
  const controller = new AbortController();
  const limits = {
    ...(script.deadlineMs !== never && { deadlineMs: script.deadlineMs }),
    ...(script.attemptTimeoutMs !== never && { attemptTimeoutMs: script.attemptTimeoutMs }),
  };
  const policy = createRetryPolicy({
    ...limits,
    maxAttempts: script.maxAttempts,
    retryUnknown: script.retryUnknown,
    backoff: { ...BACKOFF, jitter: script.jitter },
    clock,
    timers: clock.timers,
    random,
  });
  if (script.abortAtMs !== never) clock.timers.set(() => controller.abort(), script.abortAtMs);
  const attempt = ({ number }: { number: number }): Promise<number> => {
    const current = script.steps[number - 1] ?? { kind: 'hang' };
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    if (current.kind === 'succeed') clock.timers.set(() => resolve(number), current.afterMs);
    else if (current.kind !== 'hang') clock.timers.set(() => reject(errorOf(current)), current.afterMs);
    return promise;
  };
  let atMs = Number.NaN;
  let error: unknown;
  const call = policy.execute(attempt, { signal: controller.signal }).then(
    () => (atMs = clock.now()),
    (reason: unknown) => {
      atMs = clock.now();
      error = reason;
    },
  );
  await clock.advance(20_000);
  await call;
  const stats = policy.stats();
  expect(clock.pending()).toBe(0);
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  expect(stats.succeeded + stats.stopped + stats.aborted + stats.exhaustedAttempts + stats.exhaustedDeadline).toBe(1);
  const as = (['succeeded', 'stopped', 'aborted'] as const).find((name) => stats[name] === 1);
  const outcome: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'outcome') : undefined;
  return {
    as: as ?? (stats.exhaustedAttempts === 1 ? 'attempts' : 'deadline'),
    atMs,
    attempts: stats.attempts,
    outcome: outcome === 'unknown' || outcome === 'not-sent' ? outcome : undefined,
  };
};

it(
  'a retry loop ends as, when and after as many attempts as the reference model says',
  { timeout: 60_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(scripts, async (script) => {
        expect(await actualEnding(script)).toEqual(expectedEnding(script));
      }),
      { numRuns: 300 },
    );
  },
);
