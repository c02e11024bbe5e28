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

/** What is written to a socket. */
const recordingWire = () => {
  const writes: Buffer[] = [];
  const stream = Object.assign(
    new Duplex({
      write: (bytes: Buffer, _encoding, done) => {
        writes.push(bytes);
        done();
      },
      read: () => undefined,
    }),
    { bytesRead: 0, bytesWritten: 0 },
  );
  const nothing = (): void => undefined;
  const wire: WireConnection = {
    stream,
    parse: nothing,
    close: nothing,
    bind: nothing,
    describe: nothing,
    execute: nothing,
    flush: nothing,
    sync: nothing,
    sendCopyFromChunk: nothing,
    endCopyFrom: nothing,
    sendCopyFail: nothing,
  };
  return { wire, writes };
};

/** The codes of messages: P(arse), B(ind), D(escribe), E(xecute), H = Flush, S(ync). */
const codesOf = (bytes: Buffer): string => {
  let codes = '';
  for (let at = 0; at < bytes.length; at += 1 + bytes.readInt32BE(at + 1))
    codes += String.fromCodePoint(bytes.readUInt8(at));
  return codes;
};

describe('R-PG-6 Q9 where the time of a statement goes', () => {
  test.for<[name: string, count: number, prefix: string | undefined, codes: string]>([
    ['a statement alone that is not prepared is split', 1, undefined, 'PHBHDES'],
    ['a prepared one is not', 1, 'busbar', 'PBDES'],
    ['several are not', 2, undefined, 'PBDEPBDES'],
  ])('%s, in one write', ([, count, prefix, codes]) => {
    const { wire, writes } = recordingWire();
    const cache = new StatementCache({ cacheSize: 9, ttlMs: 0 }, { hits: 0, misses: 0, evicted: 0, reprepared: 0 });
    const one = { text: 'select 1', values: [], rowLimit: 0, prefix };
    const plan = new GroupPlan(
      cache,
      Array.from({ length: count }, () => one),
      { nowMs: 0, split: true },
    );
    new SyncGroup(wire, plan).submit();
    expect(writes.map(codesOf)).toEqual([codes]);
  });

  test('nothing is written to a socket that takes nothing any more', () => {
    const { wire, writes } = recordingWire();
    wire.stream.end();
    const group = new SyncGroup(wire, { statements: [], closing: [], isSplit: false });
    group.submit();
    expect([group.written, writes]).toEqual([false, []]);
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
