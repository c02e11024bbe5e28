import { describe, expect, test } from 'vitest';

import { OK, RelayDriver, started } from './support/relay-driver.ts';
import { failed, row } from './support/rows.ts';

describe('leases', () => {
  test('S2 nothing is sent so shortly before the end of a lease, also if the claim was made before', () => {
    const driver = started();
    driver.take('claim');
    driver.nowMs = 7_999;
    driver.give({ kind: 'rows', id: driver.state.work?.id ?? 0, rows: [row(1, 'a')], poison: 'park', random: 0 });
    expect(driver.sent()).toEqual(['e1']);
    const late = started();
    late.nowMs = 8_000;
    late.claimed([row(1, 'a')]);
    expect(late.sent()).toEqual([]);
  });

  test('S3 a shard under another epoch is lost: its faults are another relay’s to judge, its acknowledgements are still ours', () => {
    const driver = started();
    driver.claimed([row(1, 'a'), row(2, 'b'), row(3, 'c')]);
    driver.tick(3_000);
    driver.take('renew');
    driver.give({
      kind: 'renewed',
      sentAtMs: driver.nowMs,
      live: 1,
      present: 1,
      shards: [{ shard: row(2, 'b').shard, epoch: '2' }],
    });
    expect(driver.noted('lease').at(-1)).toMatchObject({ change: 'lost' });
    expect(driver.state.leases.shards.size).toBe(1);
    driver.take('claim');
    driver.give({
      kind: 'rows',
      id: driver.state.work?.id ?? 0,
      rows: [row(4, 'x', { shard: row(2, 'b').shard })],
      poison: 'park',
      random: 0,
    });
    expect(driver.sent()).toEqual(['e1', 'e2', 'e3']);
    driver.settled(OK, failed('record', 'rejected'), failed('record', 'rejected'));
    const { id, faults } = driver.take('charge');
    expect(faults.map((fault) => fault.row.record.id)).toEqual(['e2']);
    driver.give({ kind: 'charged', id, rows: [], poison: 'park' });
    expect(driver.acked()).toEqual(['e1']);
  });

  test('S4 surplus shards are claimed no more, and released when nothing of them is in hand', () => {
    const driver = started();
    driver.claimed([row(1, 'a')]);
    const busy = row(1, 'a').shard;
    driver.tick(3_000);
    driver.take('renew');
    const shards = Array.from({ length: 64 }, (_, shard) => ({ shard, epoch: '1' }));
    driver.give({ kind: 'renewed', sentAtMs: driver.nowMs, live: 64, present: 64, shards });
    const { shards: released } = driver.take('release');
    expect(released).toHaveLength(busy === 0 ? 63 : 62);
    expect(released).not.toContain(busy);
    driver.give({ kind: 'released', shards: released });
    driver.take('claim');
    driver.give({ kind: 'rows', id: driver.state.work?.id ?? 0, rows: [], poison: 'park', random: 0 });
    driver.settled(OK);
    driver.acked();
    expect(driver.take('release').shards).toEqual([busy]);
  });

  test('a database that refuses everything at once is asked at most once per back-off', () => {
    const driver = started();
    driver.claimed([row(1, 'a'), row(2, 'b', { attempts: 2 })]);
    driver.settled(OK, failed('record', 'rejected'));
    driver.give({ kind: 'drain' });
    let statements = 0;
    let ticks = 0;
    while (driver.nowMs < 10_000 && statements + ticks < 1_000) {
      for (let [kind] = driver.open(); kind !== undefined && statements < 1_000; [kind] = driver.open()) {
        statements += 1;
        const command = driver.take(kind);
        if ('id' in command) driver.give({ kind: 'db-failed', id: command.id, random: 0 });
        else driver.give({ kind: 'lease-failed', random: 0 });
      }
      ticks += 1;
      driver.tick(Math.max(0, driver.nextTickMs - driver.nowMs));
    }
    expect(ticks).toBeLessThan(100);
    expect(statements).toBeLessThan(60);
  });
});

describe('the end', () => {
  test('R6 drain claims no more, settles what is in flight, gives up the shards and stops', () => {
    const driver = started();
    driver.claimed([row(1, 'a')]);
    driver.give({ kind: 'drain' });
    const first = driver.take('release');
    driver.give({ kind: 'released', shards: first.shards });
    driver.settled(OK);
    driver.acked();
    const second = driver.take('release');
    expect(second.shards).toEqual([row(1, 'a').shard]);
    driver.give({ kind: 'released', shards: second.shards });
    expect(driver.open()).toEqual(['stopped']);
    driver.tick(10_000);
    expect(driver.open()).toEqual(['stopped']);
    expect(driver.nextTickMs).toBe(Number.POSITIVE_INFINITY);
  });

  test('a lease that is granted while draining is given back', () => {
    const driver = new RelayDriver();
    driver.give({ kind: 'tick' });
    driver.give({ kind: 'renewed', sentAtMs: 0, live: 1, present: 1, shards: [] });
    driver.give({ kind: 'drain' });
    driver.give({ kind: 'acquired', sentAtMs: 0, shards: [{ shard: 3, epoch: '1', unclean: 1 }] });
    expect(driver.take('release').shards).toEqual([3]);
    expect(driver.noted('lease')).toMatchObject([{ change: 'acquired', unclean: 1 }]);
  });

  test('at the deadline what is known is settled, and a shard with an open record is left to the end of its lease', () => {
    const driver = started();
    driver.claimed([row(1, 'a'), row(2, 'b')]);
    const { call } = driver.take('send');
    driver.give({ kind: 'settled', call, outcomes: [{ index: 1, outcome: OK }], ended: false });
    driver.give({ kind: 'give-up' });
    driver.give({ kind: 'released', shards: driver.take('release').shards });
    expect(driver.acked()).toEqual(['e2']);
    expect(driver.take('release').shards).toEqual([row(2, 'b').shard]);
    driver.give({ kind: 'released', shards: [row(2, 'b').shard] });
    expect(driver.open()).toEqual(['stopped']);
  });
});
