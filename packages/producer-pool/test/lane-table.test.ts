import { expect, test } from 'vitest';

import { LaneTable } from '../src/lane-table.ts';
import type { Topic } from '../src/metadata.ts';

const topicNamed = (name: string): Topic => ({
  name,
  partitions: [],
  loadedAtMs: 0,
  maxMessageBytes: Number.POSITIVE_INFINITY,
  limitsAskedAtMs: 0,
  ackedAtMs: 0,
  wanted: false,
  retryAtMs: 0,
  failures: 0,
  unknownReplies: 0,
});

test('R-KP-6 lanes that have long been idle are forgotten when new ones come; those with records stay, and their neighbors go', () => {
  let nowMs = 0;
  const forgotten: unknown[] = [];
  const table = new LaneTable({
    now: () => nowMs,
    laneIdleMs: 1_000,
    onForgotten: ({ lane: { topic, partition } }) => forgotten.push(`${topic}/${partition}`),
  });
  const [kept, gone, fresh] = ['kept', 'gone', 'fresh'].map((name) => topicNamed(name));
  if (kept === undefined || gone === undefined || fresh === undefined) throw new Error('three topics');
  const busy = table.lane(kept, 0);
  busy.share.records = 1;
  const idle = Array.from({ length: 63 }, (_, partition) => table.lane(partition === 0 ? kept : gone, partition + 1));
  nowMs = 1_000;
  // The 65th lane looks for what can go.
  const late = table.lane(fresh, 0);
  expect([...table.values()]).toEqual([busy, late]);
  expect(forgotten).toHaveLength(idle.length);
  expect(table.peek(kept, 0)).toBe(busy);
  expect([table.peek(kept, 1), table.peek(gone, 2)]).toEqual([undefined, undefined]);
});
