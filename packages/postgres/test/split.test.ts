import { EventEmitter } from 'node:events';
import { Duplex } from 'node:stream';

import { manualClock } from '@busbar-tooling/test-kit/manual-clock';
import { seededRandom } from '@busbar-tooling/test-kit/seeded-random';
import { describe, expect, test } from 'vitest';

import { GroupPlan } from '../src/group-plan.ts';
import { SyncGroup } from '../src/pipeline.ts';
import type { WireConnection } from '../src/pool-port.ts';
import { SplitSampling, SplitWatch } from '../src/split.ts';
import { StatementCache } from '../src/statement-cache.ts';

/** The messages of a group, and how many writes they took. */
const recordingWire = () => {
  const messages: string[] = [];
  const writes: Buffer[][] = [];
  const stream = Object.assign(
    new Duplex({
      writev: (chunks, done) => {
        writes.push(chunks.map(({ chunk }: { chunk: Buffer }) => chunk));
        done();
      },
      read: () => undefined,
    }),
    { bytesRead: 0, bytesWritten: 0 },
  );
  const sends =
    (name: string): (() => void) =>
    () => {
      messages.push(name);
      stream.write(Buffer.from(name));
    };
  const wire: WireConnection = {
    stream,
    parse: sends('Parse'),
    close: sends('Close'),
    bind: sends('Bind'),
    describe: sends('Describe'),
    execute: sends('Execute'),
    flush: sends('Flush'),
    sync: sends('Sync'),
    sendCopyFromChunk: sends('CopyData'),
    endCopyFrom: sends('CopyDone'),
    sendCopyFail: sends('CopyFail'),
  };
  return { wire, messages, writes };
};

describe('R-PG-6 Q9 where the time of a statement goes', () => {
  const together = ['Parse', 'Bind', 'Describe', 'Execute'];
  test.for<[name: string, count: number, prefix: string | undefined, flushes: number, steps: readonly string[]]>([
    ['a statement alone that is not prepared is split', 1, undefined, 2, ['Parse', 'Flush', 'Bind', 'Flush']],
    ['a prepared one is not', 1, 'busbar', 0, together],
    ['several are not', 2, undefined, 0, together],
  ])('%s, in one write', ([, count, prefix, flushes, steps]) => {
    const { wire, messages, writes } = recordingWire();
    const cache = new StatementCache({ cacheSize: 9, ttlMs: 0 }, { hits: 0, misses: 0, evicted: 0, reprepared: 0 });
    const one = { text: 'select 1', values: [], rowLimit: 0, prefix };
    const plan = new GroupPlan(
      cache,
      Array.from({ length: count }, () => one),
      { nowMs: 0, split: true },
    );
    new SyncGroup(wire, plan).submit();
    expect(messages.slice(0, 4)).toEqual(steps);
    expect(messages.filter((name) => name === 'Flush')).toHaveLength(flushes);
    expect(messages.at(-1)).toBe('Sync');
    expect(writes).toHaveLength(1);
  });

  test('the steps end with the answers of the server; whoever listened is gone', async () => {
    const clock = manualClock(100);
    const answers = new EventEmitter();
    const split = async (...told: readonly string[]) => {
      const watch = new SplitWatch(answers, clock);
      for (const [index, answer] of told.entries()) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await clock.advance([3, 40, 2][index] ?? 0);
        answers.emit(answer);
      }
      return [watch.end(), answers.eventNames()];
    };
    const complete = await split('parseComplete', 'bindComplete', 'readyForQuery');
    expect(complete).toEqual([{ parseMs: 3, planMs: 40, executeMs: 2 }, []]);
    expect(await split('parseComplete')).toEqual([undefined, []]);
    expect(await split()).toEqual([undefined, []]);
  });

  test('1 in 256 is chosen, whatever the rhythm of the statements', () => {
    const sampling = new SplitSampling(seededRandom(7));
    const rhythm = 256;
    const chosen = new Set<number>();
    let count = 0;
    for (let n = 0; n < 256 * 2_000; n += 1) {
      if (!sampling.wants()) continue;
      count += 1;
      chosen.add(n % rhythm);
    }
    expect(count / 2_000).toBeCloseTo(1, 1);
    expect(chosen.size).toBe(rhythm);
    const always = new SplitSampling(() => 0);
    expect([always.wants(), always.wants()]).toEqual([true, true]);
    const rarely = new SplitSampling(() => 0.999_999);
    expect(Array.from({ length: 511 }, () => rarely.wants()).indexOf(true)).toBe(510);
  });
});
