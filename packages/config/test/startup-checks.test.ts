import { channel } from 'node:diagnostics_channel';

import { manualClock } from '@busbar-tooling/test-kit/manual-clock';
import { describe, expect, it } from 'vitest';

import { runStartupChecks, startupVerdict, type Check, type CheckOutcome, type StartupPolicy } from '../src/index.ts';

const pass: CheckOutcome = { status: 'pass', message: 'fine' };
const unreachable: CheckOutcome = { status: 'fail', category: 'unreachable', message: 'refused' };
const wrongPassword: CheckOutcome = { status: 'fail', category: 'auth', message: 'wrong password' };

/** A check whose answers come from a script; the last one repeats. */
const scripted = (id: string, ...answers: readonly CheckOutcome[]) => {
  let runs = 0;
  const check: Check = {
    id,
    title: id,
    run: () => {
      runs += 1;
      return Promise.resolve(answers[Math.min(runs, answers.length) - 1] ?? pass);
    },
  };
  return { check, runs: () => runs };
};

const policy: StartupPolicy = {
  pg: { mode: 'require', timeoutMs: 30_000 },
  kafka: { mode: 'degraded', timeoutMs: 10_000 },
};

const start = (checks: readonly Check[], more: Partial<Parameters<typeof runStartupChecks>[1]> = {}) => {
  const clock = manualClock();
  const running = runStartupChecks(checks, {
    policy,
    clock,
    timers: clock.timers,
    random: () => 0.5,
    wallClock: () => 0,
    ...more,
  });
  return { clock, running };
};

describe('runStartupChecks', () => {
  it('R-CF-2 is done at once when everything answers', async () => {
    const { running } = start([scripted('pg.tcp', pass).check, scripted('kafka.tcp', pass).check]);
    const report = await running;
    expect(report).toMatchObject({ ok: true, durationMs: 0 });
    expect(startupVerdict(report, policy)).toEqual({ proceed: true, degraded: [], exitCode: 0 });
  });

  it('waits for a late dependency, with growing pauses, and ends with its first success', async () => {
    const late = scripted('pg.tcp', unreachable, unreachable, unreachable, pass);
    const { clock, running } = start([late.check]);
    // 75 % of 100, 200 and 400 ms.
    await clock.advance(75 + 150 + 300);
    expect(await running).toMatchObject({ ok: true, durationMs: 525 });
    expect(late.runs()).toBe(4);
    expect(clock.pending()).toBe(0);
  });

  it('starts degraded without Kafka after its time, while PostgreSQL does not wait for it', async () => {
    const postgres = scripted('pg.tcp', pass);
    const { clock, running } = start([postgres.check, scripted('kafka.tcp', unreachable).check]);
    await clock.advance(10_000);
    const report = await running;
    expect(report.durationMs).toBeLessThanOrEqual(10_000);
    expect(report.checks.map(({ id, status }) => [id, status])).toEqual([
      ['pg.tcp', 'pass'],
      ['kafka.tcp', 'fail'],
    ]);
    expect(startupVerdict(report, policy)).toEqual({ proceed: true, degraded: ['kafka'], exitCode: 0 });
    expect(postgres.runs()).toBe(1);
  });

  it('does not start without PostgreSQL, and says that a restart may help', async () => {
    const { clock, running } = start([scripted('pg.tcp', unreachable).check]);
    await clock.advance(30_000);
    expect(startupVerdict(await running, policy)).toEqual({ proceed: false, degraded: [], exitCode: 69 });
  });

  it('tries again only what is unreachable: a wrong password fails at once, under any policy', async () => {
    const kafka = scripted('kafka.auth', wrongPassword);
    const { running } = start([kafka.check]);
    const report = await running;
    expect(kafka.runs()).toBe(1);
    expect(startupVerdict(report, policy)).toEqual({ proceed: false, degraded: [], exitCode: 77 });
  });

  it('does not look at what the policy skips, and requires what it does not know for half a minute', async () => {
    const skipped = scripted('pg.tcp', unreachable);
    const { clock, running } = start([skipped.check, scripted('redis', unreachable).check], {
      policy: { pg: { mode: 'skip', timeoutMs: 1 } },
    });
    await clock.advance(30_000);
    const report = await running;
    expect(skipped.runs()).toBe(0);
    expect(report.checks[0]).toEqual({ id: 'pg.tcp', title: 'pg.tcp', status: 'skip', message: 'skipped by policy' });
    expect(startupVerdict(report, {})).toMatchObject({ proceed: false, exitCode: 69 });
  });

  it('stops waiting when the caller aborts', async () => {
    const abort = new AbortController();
    const { clock, running } = start([scripted('pg.tcp', unreachable).check], { signal: abort.signal });
    const outcome = running.catch((error: unknown) => error);
    await clock.advance(10);
    abort.abort('enough');
    expect(await outcome).toMatchObject({ code: 'BUSBAR_ABORTED', cause: 'enough' });
    expect(clock.pending()).toBe(0);
  });

  it('publishes the report and waits on real timers by default', async () => {
    const published: unknown[] = [];
    const listen = (message: unknown): number => published.push(message);
    channel('busbar:config:report').subscribe(listen);
    const report = await runStartupChecks([scripted('pg.tcp', unreachable, pass).check], {
      policy: {},
      retryBaseMs: 2,
      retryMaxMs: 2,
      config: { profile: 'test', fingerprint: 'f' },
    });
    channel('busbar:config:report').unsubscribe(listen);
    expect(report).toMatchObject({ ok: true, profile: 'test' });
    expect(published).toEqual([{ kind: 'startup', report }]);
  });
});

describe('startupVerdict', () => {
  const fail = (id: string, category?: CheckOutcome['category']) =>
    ({ id, title: id, status: 'fail', message: 'no', ...(category === undefined ? {} : { category }) }) as const;
  const report = (...checks: ReturnType<typeof fail>[]) => ({
    format_version: '1.0' as const,
    ok: false,
    status: 'fail' as const,
    startedAt: 0,
    durationMs: 0,
    counts: { pass: 0, warn: 0, fail: checks.length, skip: 0 },
    checks,
  });

  it.each([
    [['unreachable'], 69],
    [['unreachable', 'incompatible'], 76],
    [['incompatible', 'auth'], 77],
    [['auth', 'config'], 78],
    [['config', 'internal'], 70],
    [[undefined], 70],
  ] as const)('failures of %j end with exit code %i', (categories, exitCode) => {
    const checks = categories.map((category, index) => fail(`pg.${index}`, category));
    expect(startupVerdict(report(...checks), policy).exitCode).toBe(exitCode);
  });

  it('ignores failures of what is skipped', () => {
    const skip: StartupPolicy = { pg: { mode: 'skip', timeoutMs: 1 } };
    expect(startupVerdict(report(fail('pg.tcp', 'auth')), skip)).toEqual({ proceed: true, degraded: [], exitCode: 0 });
  });
});
