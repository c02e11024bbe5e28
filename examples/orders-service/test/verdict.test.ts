import { describe, expect, it } from 'vitest';

import { judge, type Evidence, type LoggedOrder } from '../src/verdict.ts';

const logged = (orderId: string, customerSeq: number, over: Partial<LoggedOrder> = {}): LoggedOrder => ({
  partition: 0,
  offset: 0,
  eventId: `event-${orderId}`,
  orderId,
  customerId: 'c1',
  customerSeq,
  fingerprint: `bytes of ${orderId}`,
  ...over,
});

const evidence = (over: Partial<Evidence> = {}): Evidence => ({
  committed: ['a', 'b'],
  rolledBack: ['r'],
  inOutbox: [],
  deadLetters: 0,
  log: [logged('a', 1), logged('b', 2)],
  ...over,
});

const problems = (over: Partial<Evidence>, brokerStayedDead = false): readonly string[] =>
  judge(evidence(over), { brokerStayedDead }).problems;

describe('the verdict of the demo', () => {
  it('everything committed is in the log once and in order: proven', () => {
    expect(judge(evidence(), { brokerStayedDead: false })).toEqual({
      ok: true,
      committed: 2,
      delivered: 2,
      inOutbox: 0,
      deadLetters: 0,
      customers: 1,
      duplicates: 0,
      problems: [],
    });
  });

  it('a committed order that is not in the log is lost', () => {
    expect(problems({ log: [logged('a', 1)] })).toEqual(['1 committed orders are lost: b']);
  });

  it('an order still in the outbox is a finding, unless the broker stayed dead', () => {
    const over = { log: [logged('a', 1)], inOutbox: ['b'] };
    expect(problems(over)).toEqual(['1 committed orders are lost: b', '1 orders are still in the outbox: b']);
    expect(judge(evidence(over), { brokerStayedDead: true })).toMatchObject({ ok: true, delivered: 1, inOutbox: 1 });
  });

  it('an order neither delivered nor in the outbox is lost even with a dead broker', () => {
    expect(problems({ log: [logged('a', 1)] }, true)).toEqual(['1 committed orders are lost: b']);
  });

  it('a rolled-back order in the log is found', () => {
    expect(problems({ log: [logged('a', 1), logged('b', 2), logged('r', 3)] })).toEqual([
      '1 rolled-back orders are in the log: r',
    ]);
  });

  it('an order that nobody placed is found, in the log and in the outbox', () => {
    expect(problems({ log: [logged('a', 1), logged('b', 2), logged('x', 3)] })).toEqual([
      '1 orders in the log were never committed: x',
    ]);
    expect(problems({ inOutbox: ['y'] }, true)).toEqual(['1 orders wait in the outbox without being committed: y']);
  });

  it('two orders of a customer that swapped are found', () => {
    expect(problems({ log: [logged('b', 2), logged('a', 1)] })).toEqual([
      '1 customers see their orders out of order: c1 (2 where 1 was due, at 0:0)',
    ]);
  });

  it('a duplicate with the same bytes is legal and counted, wherever it comes', () => {
    const log = [logged('a', 1), logged('b', 2), logged('a', 1)];
    expect(judge(evidence({ log }), { brokerStayedDead: false })).toMatchObject({ ok: true, duplicates: 1 });
  });

  it('a duplicate with other bytes is found', () => {
    expect(problems({ log: [logged('a', 1), logged('b', 2), logged('a', 1, { fingerprint: 'other' })] })).toEqual([
      '1 duplicates differ from their first record: a',
    ]);
  });

  it('dead letters are a finding: nothing in the demo is the fault of an event', () => {
    expect(problems({ deadLetters: 3 })).toEqual(['3 dead letters']);
  });

  it('names at most five of many', () => {
    const committed = Array.from({ length: 9 }, (_, index) => `o${index}`);
    expect(problems({ committed, log: [] })[0]).toBe('9 committed orders are lost: o0, o1, o2, o3, o4, …');
  });
});
