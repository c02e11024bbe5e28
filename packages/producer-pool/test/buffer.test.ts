import { expect, test } from 'vitest';

import { createShare, RecordBuffer } from '../src/buffer.ts';

const LIMITS = { maxBytes: 100, maxRecords: 10, maxLaneBytes: 40, maxLaneRecords: 2 };

test('R-KP-6 a lane that others were moved to meanwhile waits for its share again', () => {
  const buffer = new RecordBuffer(LIMITS);
  const [room, lane, other] = [createShare(), createShare(), createShare()];
  const admitted: string[] = [];
  for (const share of [room, room, other, other]) buffer.tryAdmit(share, 20);
  buffer.tryAdmit(createShare(), 15);
  // In the line for the whole, of which 5 are left.
  buffer.wait({ share: lane, bytes: 20, admit: () => admitted.push('a') });
  buffer.move(room, lane, 20);
  buffer.move(room, lane, 20);
  buffer.release(other, 20);
  expect(admitted).toEqual([]);
  buffer.release(lane, 20);
  expect(admitted).toEqual(['a']);
  expect([buffer.bytes, buffer.records, lane.bytes]).toEqual([75, 4, 40]);
});

test('R-KP-6 who has been taken out of the line leaves nobody else out', () => {
  const buffer = new RecordBuffer(LIMITS);
  const share = createShare();
  const admitted: string[] = [];
  buffer.tryAdmit(share, 20);
  buffer.tryAdmit(share, 20);
  const waiters = ['a', 'b'].map((name) => ({ share, bytes: 20, admit: () => admitted.push(name) }));
  for (const waiter of waiters) buffer.wait(waiter);
  const [first, second] = buffer.takeWaiters(share);
  expect([first, second]).toEqual(waiters);
  if (first === undefined || second === undefined) return;
  buffer.wait(second);
  buffer.cancel(first);
  buffer.release(share, 20);
  expect(admitted).toEqual(['b']);
});
