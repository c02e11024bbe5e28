import { describe, expect, test } from 'vitest';

import { OK, started } from './support/relay-driver.ts';
import { row } from './support/rows.ts';

describe('claim, send, acknowledge', () => {
  test('claims when it owns shards, sends what it read, deletes what was acknowledged', () => {
    const driver = started();
    driver.claimed([row(1, 'a'), row(2, 'a'), row(3, 'b')]);
    expect(driver.sent()).toEqual(['e1', 'e2', 'e3']);
    driver.settled(OK, OK, OK);
    expect(driver.acked()).toEqual(['e1', 'e2', 'e3']);
    expect(driver.state.order.held.size).toBe(0);
    expect(driver.noted('cycle')).toMatchObject([{ published: 3, failed: 0, claimed: 3, shards: 2 }]);
  });

  test('R1 one statement is open at a time, and settling goes before claiming', () => {
    const driver = started();
    driver.claimed([row(1, 'a')]);
    driver.tick(300);
    expect(driver.open()).toEqual(['send', 'claim']);
    driver.settled(OK);
    expect(driver.open()).toEqual(['claim']);
    driver.claimed([row(1, 'a')]);
    expect(driver.open()).toEqual(['ack']);
  });

  test('O4 successors of a delivered row need not wait for its DELETE', () => {
    const driver = started();
    driver.claimed([row(1, 'a')]);
    driver.tick(300);
    driver.settled(OK);
    driver.claimed([row(1, 'a'), row(2, 'a')]);
    expect(driver.sent()).toEqual(['e2']);
  });

  test('O1 a key in flight is not sent again, and its later rows wait', () => {
    const driver = started();
    driver.claimed([row(1, 'a'), row(2, 'b')]);
    driver.tick(300);
    driver.claimed([row(1, 'a'), row(2, 'b'), row(3, 'a'), row(4, 'c')]);
    driver.take('send');
    expect(driver.sent()).toEqual(['e4']);
  });

  test('outcomes that come one by one are acknowledged in groups, without waiting for the slowest', () => {
    const driver = started();
    driver.claimed([row(1, 'a'), row(2, 'b')]);
    const { call } = driver.take('send');
    driver.give({ kind: 'settled', call, outcomes: [{ index: 0, outcome: OK }], ended: false });
    expect(driver.open()).toEqual([]);
    driver.tick(20);
    expect(driver.acked()).toEqual(['e1']);
  });

  test('R4 a failed ACK is repeated after a back-off, and never answered by sending again', () => {
    const driver = started();
    driver.claimed([row(1, 'a')]);
    driver.settled(OK);
    const { id } = driver.take('ack');
    driver.give({ kind: 'db-failed', id, random: 0 });
    expect(driver.open()).toEqual([]);
    driver.tick(49);
    expect(driver.open()).toEqual([]);
    driver.tick(1);
    expect(driver.acked()).toEqual(['e1']);
    driver.claimed([]);
    expect(driver.sent()).toEqual([]);
  });

  test('an answer to a statement that is not open any more changes nothing', () => {
    const driver = started();
    const { id } = driver.take('claim');
    driver.give({ kind: 'db-failed', id, random: 0 });
    driver.give({ kind: 'rows', id, rows: [row(1, 'a')], poison: 'park', random: 0 });
    driver.give({ kind: 'acked', id });
    driver.give({ kind: 'charged', id, rows: [], poison: 'park' });
    driver.give({ kind: 'parked', id });
    expect(driver.open()).toEqual([]);
  });

  test('R3 a claim needs a quarter of a batch of room, and sends no more than the window takes', () => {
    const driver = started();
    const rows = Array.from({ length: 9 }, (_, index) => row(index + 1, `k${index}`));
    driver.claimed(rows.slice(0, 4));
    driver.tick(300);
    driver.claimed(rows.slice(0, 8));
    expect(driver.state.order.held.size).toBe(8);
    driver.tick(300);
    expect(driver.open()).toEqual(['send', 'send']);
    driver.settled(OK, OK, OK, OK);
    driver.tick(20);
    driver.acked();
    driver.claimed(rows.slice(4));
    driver.take('send');
    expect(driver.sent()).toEqual(['e9']);
  });

  test('a batch is bounded by bytes, but a row that is larger goes alone', () => {
    const driver = started({ batchBytes: 100 });
    driver.claimed([row(1, 'a', { bytes: 500 }), row(2, 'b', { bytes: 60 })]);
    expect(driver.sent()).toEqual(['e1']);
    driver.settled(OK);
    driver.acked();
    driver.claimed([row(2, 'b', { bytes: 60 }), row(3, 'c', { bytes: 60 })]);
    expect(driver.sent()).toEqual(['e2']);
  });

  test('a publisher without P2 gets one record of a key per call', () => {
    const driver = started({ keepsKeyPrefix: false });
    driver.claimed([row(1, 'a'), row(2, 'a'), row(3, 'b'), row(4, null), row(5, null)]);
    expect(driver.sent()).toEqual(['e1', 'e3', 'e4', 'e5']);
  });

  test('the next claim reaches past the rows that the last one dropped, and past those in hand', () => {
    const driver = started();
    const one = row(1, 'a').shard;
    driver.claimed([row(1, 'a', { waitMs: 500 }), row(2, 'a'), row(3, 'a'), row(4, 'b')]);
    driver.tick(300);
    const { takes, limit } = driver.take('claim');
    expect(takes.get(one)).toBe(16 + 6);
    expect(takes.get(row(4, 'b').shard)).toBe(16 + 1);
    expect(limit).toBe(4 + 7);
  });

  test('a wake-up during a claim is followed by another claim at once', () => {
    const driver = started();
    driver.give({ kind: 'wake' });
    driver.claimed([]);
    expect(driver.open()).toEqual(['claim']);
  });

  test('a pause stops claiming, and what a claim brings meanwhile is not sent', () => {
    const driver = started();
    driver.give({ kind: 'paused', paused: true });
    driver.claimed([row(1, 'a')]);
    expect(driver.open()).toEqual([]);
    driver.give({ kind: 'paused', paused: false });
    driver.tick(300);
    expect(driver.open()).toEqual(['claim']);
  });
});
