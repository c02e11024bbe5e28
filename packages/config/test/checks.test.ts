import { channel } from 'node:diagnostics_channel';

import { manualClock, settle } from '@busbar-tooling/test-kit/manual-clock';
import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';

import { checkReportSchema, ConfigDefinitionError, runChecks, type Check, type CheckOutcome } from '../src/index.ts';

const pass: CheckOutcome = { status: 'pass', message: 'fine' };
const refused: CheckOutcome = { status: 'fail', category: 'unreachable', message: 'refused' };

const check = (
  id: string,
  outcome: CheckOutcome | (() => Promise<CheckOutcome>),
  more: Partial<Check> = {},
): Check => ({
  id,
  title: `about ${id}`,
  run: typeof outcome === 'function' ? outcome : () => Promise.resolve(outcome),
  ...more,
});

const never = () => new Promise<CheckOutcome>(() => undefined);

const setUp = (startMs = 0) => {
  const clock = manualClock(startMs);
  return { clock, options: { clock, timers: clock.timers, wallClock: () => 1_700_000_000_000 } };
};

describe('runChecks', () => {
  it('R-CF-2 runs in parallel what does not depend on each other and reports in the order of declaration', async () => {
    const { clock, options } = setUp();
    const started: string[] = [];
    const slow = (id: string, ms: number, dependsOn: readonly string[] = []): Check =>
      check(
        id,
        () => {
          started.push(`${id}@${clock.now()}`);
          return new Promise((resolve) => {
            clock.timers.set(() => resolve(pass), ms);
          });
        },
        { dependsOn },
      );
    const running = runChecks([slow('pg.server', 10, ['pg.tcp']), slow('pg.tcp', 30), slow('kafka.tcp', 40)], options);
    await clock.advance(100);
    const report = await running;
    expect(started).toEqual(['pg.tcp@0', 'kafka.tcp@0', 'pg.server@30']);
    expect(report).toMatchObject({
      ok: true,
      status: 'pass',
      startedAt: 1_700_000_000_000,
      counts: { pass: 3, warn: 0, fail: 0, skip: 0 },
      checks: [
        { id: 'pg.server', latencyMs: 10 },
        { id: 'pg.tcp', latencyMs: 30 },
        { id: 'kafka.tcp', latencyMs: 40 },
      ],
    });
    expect(clock.pending()).toBe(0);
  });

  it('R-CF-2 reports one cause as one failure: dependants are skipped with the cause, also at a distance', async () => {
    const { options } = setUp();
    const report = await runChecks(
      [
        check('pg.dns', pass),
        check('pg.tcp', refused, { dependsOn: ['pg.dns'] }),
        check('pg.auth', pass, { dependsOn: ['pg.tcp'] }),
        check('pg.schema', pass, { dependsOn: ['pg.auth', 'pg.dns'] }),
      ],
      options,
    );
    expect(report.checks.map(({ status, causedBy }) => [status, causedBy])).toEqual([
      ['pass', undefined],
      ['fail', undefined],
      ['skip', ['pg.tcp']],
      ['skip', ['pg.tcp']],
    ]);
    expect(report.checks[2]?.message).toBe('not run, because pg.tcp failed');
    expect(report).toMatchObject({ ok: false, status: 'fail', counts: { pass: 1, fail: 1, skip: 2 } });
  });

  it('goes on after a warning and after a skip of its own', async () => {
    const { options } = setUp();
    const report = await runChecks(
      [
        check('a', { status: 'warn', message: 'soon', help: 'renew', data: { days: 3 } }),
        check('b', { status: 'skip', message: 'not used' }, { dependsOn: ['a'] }),
        check('c', pass, { dependsOn: ['b'] }),
      ],
      options,
    );
    expect(report.checks.map(({ status }) => status)).toEqual(['warn', 'skip', 'pass']);
    expect(report).toMatchObject({ ok: true, status: 'warn' });
    expect(report.checks[0]).toMatchObject({ help: 'renew', data: { days: 3 } });
  });

  it('ends a check that hangs at its timeout, aborts its signal and ignores its late answer', async () => {
    const { clock, options } = setUp();
    let signal: AbortSignal | undefined;
    let late: (outcome: CheckOutcome) => void = () => undefined;
    const hanging: Check = {
      id: 'a',
      title: 'A',
      timeoutMs: 200,
      run: (context) => {
        signal = context.signal;
        return new Promise((resolve) => {
          late = resolve;
        });
      },
    };
    const running = runChecks([hanging], options);
    await clock.advance(199);
    expect(signal?.aborted).toBe(false);
    await clock.advance(1);
    const report = await running;
    late(pass);
    await settle();
    expect(signal?.aborted).toBe(true);
    expect(report.checks).toMatchObject([
      { status: 'fail', category: 'unreachable', message: 'timed out after 200 ms', latencyMs: 200 },
    ]);
  });

  it('ends everything at the deadline, however long the checks may take', async () => {
    const { clock, options } = setUp();
    const running = runChecks([check('a', never), check('b', never, { timeoutMs: 600 })], {
      ...options,
      deadlineMs: 1000,
    });
    await clock.advance(1000);
    const report = await running;
    expect(report.durationMs).toBe(1000);
    expect(report.checks.map(({ message }) => message)).toEqual(['timed out after 1000 ms', 'timed out after 600 ms']);
    const tooLate = await runChecks([check('a', pass)], { ...options, deadlineMs: 0 });
    expect(tooLate.checks).toMatchObject([{ status: 'fail', message: 'not started before the deadline' }]);
  });

  it('turns a check that throws, at once or later, into an internal failure without its message in the clear', async () => {
    const { options } = setUp();
    const report = await runChecks(
      [
        check('sync', () => {
          throw new TypeError('postgres://user:hunter2@host');
        }),
        check('async', () => Promise.reject(new TypeError('boom'))),
        check('silent', { status: 'fail', message: 'no category' }),
      ],
      options,
    );
    expect(report.checks).toMatchObject([
      { status: 'fail', category: 'internal', message: 'the check itself failed', error: { name: 'TypeError' } },
      { status: 'fail', category: 'internal', error: { name: 'TypeError', message: 'boom' } },
      { status: 'fail', category: 'internal', message: 'no category' },
    ]);
    expect(JSON.stringify(report)).not.toContain('hunter2');
  });

  it('rejects as soon as the caller aborts, with the reason as cause', async () => {
    const { clock, options } = setUp();
    const abort = new AbortController();
    const reason = new Error('enough');
    const running = runChecks([check('a', never), check('b', pass, { dependsOn: ['a'] })], {
      ...options,
      signal: abort.signal,
    });
    abort.abort(reason);
    await expect(running).rejects.toMatchObject({ code: 'BUSBAR_ABORTED', cause: reason });
    expect(clock.pending()).toBe(0);
    await expect(runChecks([check('a', never)], { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'BUSBAR_ABORTED',
    });
  });

  it('runs a selection together with what it depends on', async () => {
    const { options } = setUp();
    const checks = [check('a', pass), check('b', pass, { dependsOn: ['a'] }), check('c', pass)];
    expect((await runChecks(checks, { ...options, only: ['b'] })).checks.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it.each([
    ['an unknown dependency', [check('a', pass, { dependsOn: ['x'] })], 'a: there is no check x'],
    [
      'a cycle',
      [check('a', pass, { dependsOn: ['b'] }), check('b', pass, { dependsOn: ['a'] })],
      'a: depends on itself',
    ],
    ['an id twice', [check('a', pass), check('a', pass)], 'two checks have the same id'],
  ])('refuses %s at once', async (_what, checks, problem) => {
    await expect(runChecks(checks)).rejects.toBeInstanceOf(ConfigDefinitionError);
    await expect(runChecks(checks)).rejects.toMatchObject({ details: { issues: [problem] } });
  });

  it('R-STD-2 gives a report that satisfies its schema and publishes each check', async () => {
    const ended: unknown[] = [];
    const listen = (message: unknown): number => ended.push(message);
    channel('busbar:config:check').subscribe(listen);
    const config = { profile: 'test', fingerprint: 'abc' } as const;
    const report = await runChecks([check('a', pass), check('b', () => Promise.reject(new Error('x')))], { config });
    channel('busbar:config:check').unsubscribe(listen);
    expect(Compile(checkReportSchema).Errors(report)).toEqual([]);
    expect(report).toMatchObject({ profile: 'test', fingerprint: 'abc' });
    expect(ended).toMatchObject([
      { id: 'a', status: 'pass' },
      { id: 'b', status: 'fail', category: 'internal' },
    ]);
  });
});
