import { describe, expect, test } from 'vitest';

import { OK, started } from './support/relay-driver.ts';
import { failed, row } from './support/rows.ts';

const NOT_SENT = failed('lane', 'not-sent');

describe('failures of the event', () => {
  test('R6 the first failure blocks its key through everything that was read, other keys go on', () => {
    const driver = started();
    driver.claimed([row(1, 'a'), row(2, 'b'), row(3, 'a')]);
    driver.settled(failed('record', 'rejected'), OK, NOT_SENT);
    expect(driver.noted('fault')).toHaveLength(1);
    const { id, faults } = driver.take('charge');
    expect(faults.map(({ row: { record } }) => record.id)).toEqual(['e1']);
    driver.give({ kind: 'charged', id, rows: [{ seq: 1n, attempts: 1, delayMs: 1_000 }], poison: 'park' });
    driver.acked();
    driver.claimed([row(1, 'a', { waitMs: 900, attempts: 1 }), row(3, 'a'), row(4, 'b')]);
    expect(driver.sent()).toEqual(['e4']);
    expect(driver.noted('retry')).toHaveLength(1);
  });

  test('R6 a failure behind acknowledged records of its key is the key’s all the same', () => {
    const driver = started({ batchRecords: 8 });
    driver.claimed([row(1, 'a'), row(2, 'a'), row(3, 'b'), row(4, 'b')]);
    driver.settled(OK, failed('record', 'rejected'), OK, failed('lane', 'rejected'));
    expect(driver.take('charge').faults.map((fault) => fault.row.record.id)).toEqual(['e2']);
    expect(driver.state.order.keys.get('orders\0b')).toMatchObject({ state: 'blocked' });
  });

  test('C2 a row that waits for its retry time holds back its successors', () => {
    const driver = started();
    driver.claimed([row(1, 'a', { attempts: 1, waitMs: 100 }), row(2, 'a'), row(3, 'b')]);
    expect(driver.sent()).toEqual(['e3']);
  });

  test('an event that used up its attempts is parked, and its successors go on', () => {
    const driver = started();
    driver.claimed([row(1, 'a', { attempts: 2 }), row(2, 'a')]);
    driver.settled(failed('record', 'rejected'), NOT_SENT);
    const charge = driver.take('charge');
    driver.give({ kind: 'charged', id: charge.id, rows: [{ seq: 1n, attempts: 3, delayMs: 5 }], poison: 'park' });
    const { id, parks } = driver.take('park');
    expect(parks).toMatchObject([{ reason: 'event', row: { attempts: 3 } }]);
    driver.give({ kind: 'parked', id });
    driver.claimed([row(2, 'a')]);
    expect(driver.sent()).toEqual(['e2']);
    expect(driver.noted('parked')).toHaveLength(1);
  });

  test('halt-key leaves it, and holds its key also after a restart, since the row carries it', () => {
    const driver = started();
    driver.claimed([row(1, 'a', { attempts: 2 })]);
    driver.settled(failed('record', 'rejected'));
    const { id } = driver.take('charge');
    driver.give({ kind: 'charged', id, rows: [{ seq: 1n, attempts: 3, delayMs: 5 }], poison: 'halt-key' });
    expect(driver.noted('halted')).toHaveLength(1);
    driver.claimed([row(1, 'a', { attempts: 3 }), row(2, 'a'), row(3, 'b')], 'halt-key');
    expect(driver.sent()).toEqual(['e3']);
    expect(driver.noted('claimed').at(-1)).toMatchObject({ halted: 1 });
  });

  test('a row that is found with its attempts used up is parked without being sent', () => {
    const driver = started();
    driver.claimed([row(1, 'a', { attempts: 3 }), row(2, 'a')]);
    expect(driver.open()).toEqual(['park']);
    expect(driver.take('park').parks).toMatchObject([{ reason: 'event', outcome: undefined }]);
  });

  test('a charged row that is gone frees its key', () => {
    const driver = started();
    driver.claimed([row(1, 'a')]);
    driver.settled(failed('record', 'rejected'));
    const { id } = driver.take('charge');
    driver.give({ kind: 'charged', id, rows: [], poison: 'park' });
    driver.claimed([row(2, 'a')]);
    expect(driver.sent()).toEqual(['e2']);
  });

  test('a failed CHARGE or PARK is repeated', () => {
    const driver = started();
    driver.claimed([row(1, 'a', { attempts: 3 }), row(2, 'b')]);
    driver.give({ kind: 'db-failed', id: driver.take('park').id, random: 0 });
    driver.settled(failed('record', 'rejected'));
    driver.tick(100);
    driver.give({ kind: 'parked', id: driver.take('park').id });
    driver.give({ kind: 'db-failed', id: driver.take('charge').id, random: 0 });
    driver.tick(100);
    expect(driver.open()).toEqual(['charge']);
  });

  test('a successor that was acknowledged all the same is reported, and the event parked at once', () => {
    const driver = started();
    driver.claimed([row(1, 'a'), row(2, 'a')]);
    driver.settled(failed('record', 'rejected'), OK);
    expect(driver.noted('port-violation')).toHaveLength(1);
    expect(driver.take('park').parks).toMatchObject([{ reason: 'port' }]);
  });
});

describe('failures of others', () => {
  test('a lane fault blocks the key for a doubling time and counts nothing', () => {
    const driver = started();
    driver.claimed([row(1, 'a'), row(2, 'b')]);
    driver.settled(failed('lane', 'rejected'), OK);
    driver.acked();
    driver.tick(99);
    driver.claimed([row(1, 'a')]);
    expect(driver.sent()).toEqual([]);
    driver.claimed([row(1, 'a')]);
    expect(driver.sent()).toEqual(['e1']);
    driver.settled(failed('lane', 'unknown'));
    expect(driver.state.order.keys.get('orders\0a')).toMatchObject({ failures: 2, untilMs: driver.nowMs + 200 });
    expect(driver.open()).not.toContain('charge');
  });

  test('a topic fault blocks the topic, once for all its keys, and an acknowledgement opens it', () => {
    const driver = started();
    driver.claimed([row(1, 'a'), row(2, 'b')]);
    driver.settled(failed('topic', 'rejected'), failed('topic', 'rejected'));
    expect(driver.noted('topic-blocked')).toHaveLength(1);
    driver.tick(90);
    driver.claimed([row(1, 'a'), row(2, 'b')]);
    driver.tick(20);
    driver.claimed([row(1, 'a'), row(2, 'b')]);
    expect(driver.sent()).toEqual(['e1', 'e2']);
    driver.settled(OK, OK);
    expect(driver.state.order.topics.size).toBe(0);
  });

  test('a broker fault stops everything until a probe of one key succeeds; then the rest follows in steps', () => {
    const driver = started({ batchRecords: 100, hasGuard: true });
    const rows = Array.from({ length: 30 }, (_, index) => row(index + 1, index < 15 ? 'a' : `k${index}`));
    driver.claimed(rows);
    driver.settled(...rows.map(() => failed('broker', 'not-sent')));
    expect(driver.open()).toEqual(['wait-ready']);
    driver.tick(2_000);
    expect(driver.open()).toEqual(['wait-ready']);
    driver.give({ kind: 'guard-ready' });
    driver.claimed(rows);
    expect(driver.sent()).toHaveLength(10);
    driver.settled(...rows.slice(0, 10).map(() => OK));
    driver.acked();
    driver.claimed(rows.slice(10));
    expect(driver.sent()).toHaveLength(20);
    expect(driver.noted('broker')).toMatchObject([{ to: 'waiting' }, { to: 'probing' }]);
  });

  test('G1 what a claim brings after the fault is not sent, and a probe is no larger than its allowance', () => {
    const driver = started({ batchRecords: 100 });
    const rows = Array.from({ length: 60 }, (_, index) => row(index + 1, `k${index}`));
    driver.claimed(rows.slice(0, 1));
    driver.tick(300);
    driver.settled(failed('broker', 'unknown'));
    driver.claimed(rows);
    expect(driver.sent()).toEqual([]);
    driver.tick(300);
    driver.claimed(rows);
    driver.settled(OK);
    driver.acked();
    driver.claimed(rows.slice(1));
    expect(driver.sent()).toHaveLength(40);
  });

  test('probes go round the keys: the lowest row may lie on the one dead partition', () => {
    const driver = started();
    const rows = [row(1, 'a'), row(2, 'b')];
    driver.claimed(rows);
    driver.settled(failed('broker', 'unknown'), failed('broker', 'unknown'));
    driver.claimed(rows);
    expect(driver.sent()).toEqual(['e1']);
    driver.settled(failed('broker', 'unknown'));
    driver.tick(300);
    driver.claimed(rows);
    expect(driver.sent()).toEqual(['e2']);
  });

  test('probes go round the lanes where the publisher can tell them', () => {
    const driver = started();
    const rows = [row(1, 'a', { lane: 'dead' }), row(2, 'b', { lane: 'dead' }), row(3, 'c', { lane: 'alive' })];
    driver.claimed(rows);
    driver.settled(failed('broker', 'unknown'), failed('broker', 'unknown'), failed('broker', 'unknown'));
    driver.claimed(rows);
    driver.settled(failed('broker', 'unknown'));
    driver.tick(300);
    driver.claimed(rows);
    expect(driver.sent()).toEqual(['e3']);
  });

  test('a late acknowledgement of a row that was given up is believed', () => {
    const driver = started();
    driver.claimed([row(1, 'a')]);
    driver.settled(failed('lane', 'unknown'));
    driver.give({ kind: 'late', row: row(1, 'a'), outcome: OK });
    expect(driver.acked()).toEqual(['e1']);
    driver.give({ kind: 'late', row: row(1, 'a'), outcome: failed('lane', 'rejected') });
    expect(driver.open()).toEqual([]);
  });

  test('a late acknowledgement takes a charge back that was not sent yet, and outlives one that was', () => {
    const driver = started();
    driver.claimed([row(1, 'a'), row(2, 'b')]);
    driver.tick(300);
    driver.settled(failed('record', 'rejected'), failed('record', 'rejected'));
    driver.give({ kind: 'late', row: row(1, 'a'), outcome: OK });
    driver.claimed([]);
    const { id, faults } = driver.take('charge');
    expect(faults).toHaveLength(1);
    driver.give({ kind: 'late', row: row(2, 'b'), outcome: OK });
    driver.give({ kind: 'charged', id, rows: [{ seq: 2n, attempts: 1, delayMs: 9 }], poison: 'park' });
    expect(driver.acked()).toEqual(['e1', 'e2']);
    expect(driver.state.order.keys.size).toBe(0);
  });

  test('a late acknowledgement of a row that is sent again deletes it, whatever the second call says', () => {
    const driver = started();
    driver.claimed([row(1, 'a')]);
    driver.settled(failed('lane', 'unknown'));
    driver.tick(200);
    driver.claimed([row(1, 'a')]);
    driver.give({ kind: 'late', row: row(1, 'a'), outcome: OK });
    driver.settled(failed('lane', 'unknown'));
    expect(driver.acked()).toEqual(['e1']);
    expect(driver.state.calls.size).toBe(0);
    expect(driver.state.order.keys.size).toBe(0);
  });

  test('a publisher that leaves out an outcome, or all of them, is reported', () => {
    const driver = started();
    driver.claimed([row(1, 'a'), row(2, 'b')]);
    driver.settled(OK);
    expect(driver.noted('port-violation')).toHaveLength(1);
    expect(driver.state.gate.state).toBe('waiting');
    driver.acked();
    driver.tick(300);
    driver.claimed([row(2, 'b')]);
    driver.tick(6_100);
    expect(driver.noted('port-violation')).toHaveLength(2);
    expect(driver.state.gate.state).toBe('waiting');
  });
});
