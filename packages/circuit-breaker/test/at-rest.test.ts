import { fileURLToPath } from 'node:url';

import { runExample } from '@busbar-tooling/test-kit/readme-examples';
import { describe, expect, test } from 'vitest';

import { TicketPool } from '../src/ticket.ts';
import { rig } from './breaker-on-manual-time.ts';

const packageDir = fileURLToPath(new URL('..', import.meta.url));

describe('a breaker at rest', () => {
  test('R-OB-3 ten thousand of them, open ones included, own no timer and keep no process alive', async () => {
    const printed = await runExample(
      `import { createBreaker } from '@busbar/circuit-breaker';
       const breakers = Array.from({ length: 10_000 }, (_, n) => createBreaker({ name: 'b' + n, latency: 'on', callTimeoutMs: 1_000 }));
       for (const breaker of breakers.slice(0, 100)) breaker.suggestOpen(60_000, 'down');
       await Promise.all(breakers.slice(100, 200).map((breaker) => breaker.execute(async () => 1)));
       console.log(JSON.stringify(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout')));`,
      { packageDir },
    );
    expect(printed.trim()).toBe('[]');
  });

  test('R-OB-3 a million calls leave no memory behind', async () => {
    const printed = await runExample(
      `import { createBreaker } from '@busbar/circuit-breaker';
       import { setFlagsFromString } from 'node:v8';
       import { runInNewContext } from 'node:vm';
       setFlagsFromString('--expose-gc');
       const gc = runInNewContext('gc');
       const breaker = createBreaker({ name: 'b', latency: 'cumulative', trip: { slowMs: 1_000, slowRatio: 0.5, countOverdue: true } });
       const work = async () => 1;
       const rounds = async (count) => { for (let n = 0; n < count; n += 1) await Promise.all([breaker.execute(work), breaker.execute(work)]); };
       await rounds(50_000);
       gc();
       const before = process.memoryUsage().heapUsed;
       await rounds(450_000);
       gc();
       console.log(Math.round((process.memoryUsage().heapUsed - before) / 1_024));`,
      { packageDir },
    );
    expect(Number(printed)).toBeLessThan(512);
  });

  test('tickets are reused: there are as many as there were calls at a time', () => {
    let made = 0;
    const pool = new TicketPool({ result: () => (made += 0), error: () => (made += 0) });
    const [first, second] = [pool.take(), pool.take()];
    pool.give(first);
    pool.give(second);
    expect(new Set([pool.take(), pool.take(), first, second]).size).toBe(2);
    expect(made).toBe(0);
  });

  test('an idle breaker has no timer pending on its own clock either', async () => {
    const { clock, fail, succeed } = rig({ callTimeoutMs: 30, halfOpen: { probes: 1, leaseMs: 50 } });
    await succeed(3);
    await fail(2);
    expect(clock.pending()).toBe(0);
  });
});
