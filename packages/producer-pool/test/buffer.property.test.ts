import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { createShare, RecordBuffer, type Waiter } from '../src/buffer.ts';

const LIMITS = { maxBytes: 100, maxRecords: 6, maxLaneBytes: 60, maxLaneRecords: 4 };

type Step =
  | { readonly type: 'put'; readonly lane: number; readonly bytes: number }
  | { readonly type: 'take'; readonly lane: number }
  | { readonly type: 'give up'; readonly which: number };

/** The buffer beside a plain list of what should be in it. */
class Model {
  readonly buffer = new RecordBuffer(LIMITS);
  readonly lanes = [0, 1, 2].map(() => ({
    share: createShare(),
    inside: new Array<number>(),
    admitted: new Array<number>(),
  }));
  readonly waiting = new Map<number, Waiter>();
  #number = 0;

  take(step: Step): void {
    if (step.type === 'give up') {
      const [n, waiter] = [...this.waiting][step.which % Math.max(1, this.waiting.size)] ?? [];
      if (n === undefined || waiter === undefined) return;
      this.buffer.cancel(waiter);
      this.waiting.delete(n);
      return;
    }
    const lane = this.lanes[step.lane];
    if (lane === undefined) return;
    if (step.type === 'put') return this.#put(lane, step.bytes);
    const bytes = lane.inside.shift();
    if (bytes !== undefined) this.buffer.release(lane.share, bytes);
  }

  #put(lane: Model['lanes'][number], bytes: number): void {
    const n = (this.#number += 1);
    const admit = (): void => {
      this.waiting.delete(n);
      lane.inside.push(bytes);
      lane.admitted.push(n);
    };
    if (this.buffer.tryAdmit(lane.share, bytes)) return admit();
    const waiter = { share: lane.share, bytes, admit };
    this.waiting.set(n, waiter);
    this.buffer.wait(waiter);
  }

  problems(): readonly string[] {
    const { buffer, lanes, waiting } = this;
    const sum = (bytes: readonly number[]): number => bytes.reduce((all, one) => all + one, 0);
    const all = lanes.flatMap(({ inside }) => inside);
    const rules: readonly (readonly [holds: boolean, problem: string])[] = [
      [buffer.records === all.length && buffer.bytes === sum(all), 'the books are wrong'],
      [buffer.bytes <= LIMITS.maxBytes && buffer.records <= LIMITS.maxRecords, 'a limit is exceeded'],
      [
        lanes.every(({ inside }) => sum(inside) <= LIMITS.maxLaneBytes && inside.length <= LIMITS.maxLaneRecords),
        'a lane is too full',
      ],
      [
        lanes.every(({ admitted }) => admitted.every((n, i) => n > (admitted[i - 1] ?? 0))),
        'a record was overtaken in its lane',
      ],
      [all.length > 0 || waiting.size === 0, 'somebody waits for an empty buffer'],
    ];
    return rules.flatMap(([holds, problem]) => (holds ? [] : [problem]));
  }
}

test('R-KP-6 the buffer never exceeds a limit, and nobody overtakes an earlier record of the lane', () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ type: fc.constant('put' as const), lane: fc.nat(2), bytes: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ type: fc.constant('take' as const), lane: fc.nat(2) }),
    fc.record({ type: fc.constant('give up' as const), which: fc.nat() }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const model = new Model();
      for (const next of steps) {
        model.take(next);
        expect(model.problems()).toEqual([]);
      }
    }),
  );
});

describe('record buffer', () => {
  test('R-KP-6 a dead lane that waits for its own share holds nobody else up', () => {
    const buffer = new RecordBuffer(LIMITS);
    const [dead, well] = [createShare(), createShare()];
    expect(buffer.tryAdmit(dead, 60)).toBe(true);
    buffer.wait({ share: dead, bytes: 10, admit: () => undefined });
    expect(buffer.tryAdmit(well, 40)).toBe(true);
  });

  test('R-KP-6 whoever comes behind a waiter does not get in before it', () => {
    const buffer = new RecordBuffer(LIMITS);
    const share = createShare();
    const admitted: string[] = [];
    buffer.tryAdmit(share, 50);
    buffer.wait({ share, bytes: 50, admit: () => admitted.push('large') });
    expect(buffer.tryAdmit(share, 1)).toBe(false);
    buffer.wait({ share, bytes: 1, admit: () => admitted.push('small') });
    buffer.release(share, 50);
    expect(admitted).toEqual(['large', 'small']);
  });

  test('R-KP-6 admitting one who publishes more does not break the line', () => {
    const buffer = new RecordBuffer(LIMITS);
    const share = createShare();
    const admitted: number[] = [];
    buffer.tryAdmit(share, 60);
    const admit = (n: number) => (): void => {
      admitted.push(n);
      if (n < 3) buffer.wait({ share, bytes: 10, admit: admit(n + 1) });
    };
    buffer.wait({ share, bytes: 10, admit: admit(1) });
    buffer.release(share, 60);
    expect(admitted).toEqual([1, 2, 3]);
  });

  test('R-KP-6 everybody can be taken out of a line, and records move with their charge', () => {
    const buffer = new RecordBuffer(LIMITS);
    const [room, lane] = [createShare(), createShare()];
    buffer.tryAdmit(room, 60);
    buffer.wait({ share: room, bytes: 5, admit: () => undefined });
    expect(buffer.takeWaiters(room).length).toBe(1);
    buffer.move(room, lane, 60);
    expect([room.bytes, lane.bytes, buffer.bytes]).toEqual([0, 60, 60]);
    buffer.release(lane, 60);
    expect(buffer.bytes).toBe(0);
  });
});
