import { beforeEach, describe, expect, test } from 'vitest';

import { ProducerUnavailableError } from '../src/index.ts';
import { laneDueAtMs } from '../src/lane-state.ts';
import { Driven, entry, POLICY } from './driven-lane.ts';

let driven = new Driven();
beforeEach(() => {
  driven = new Driven();
});

describe('BP-5, BP-6, LN-10 time', () => {
  test('R-KP-6 a record that expires unsent takes its queued successors of the key along, other keys stay', () => {
    driven.put('a').send();
    driven.put(entry('b', { deadlineAtMs: 500 }), 'c', entry('d', { keyId: 'other' })).at(500);
    expect(driven.answers).toEqual(['b DELIVERY_TIMEOUT/not-sent', 'c KEY_BLOCKED/not-sent']);
    driven.ack(0n).send();
    expect(driven.calls).toEqual(['a', 'd']);
  });

  test('R-KP-6 with skip only the expired record goes', () => {
    driven.policy = { ...POLICY, onTimeout: 'skip' };
    driven
      .put('a')
      .send()
      .put(entry('b', { deadlineAtMs: 500 }), 'c')
      .at(500);
    expect(driven.answers).toEqual(['b DELIVERY_TIMEOUT/not-sent']);
  });

  test('R-KP-6 records without a key have no successors', () => {
    driven
      .put('a')
      .send()
      .put(entry('b', { keyId: undefined, deadlineAtMs: 500 }), entry('c', { keyId: undefined }))
      .at(500);
    expect(driven.answers).toEqual(['b DELIVERY_TIMEOUT/not-sent']);
  });

  test('R-KP-6 what expires inside the outstanding call is answered unknown, stays, and goes again before anything else', () => {
    driven
      .put(entry('a', { deadlineAtMs: 500 }), 'b', entry('c', { keyId: 'other' }))
      .send()
      .put('d')
      .at(500);
    expect(driven.answers).toEqual([
      'a DELIVERY_TIMEOUT/unknown …',
      'b DELIVERY_TIMEOUT/unknown …',
      'd KEY_BLOCKED/not-sent',
    ]);
    expect(driven.lane.phase).toBe('fenced');
    driven.put('e').lose().at(1_000).on({ type: 'send' }).ack(7n).send();
    expect(driven.calls).toEqual(['abc', 'abc', 'e']);
    expect(driven.answers.slice(3)).toEqual(['late a ok@7', 'late b ok@8', 'c ok@9']);
  });

  test('R-KP-6 the lane asks for a tick at the next deadline and not earlier', () => {
    driven
      .put('a')
      .send()
      .put(entry('b', { deadlineAtMs: 700 }));
    expect(laneDueAtMs(driven.lane)).toBe(700);
    expect(laneDueAtMs(driven.at(700).lane)).toBe(10_000);
  });

  test('R-KP-6 a lane whose last record expired is idle', () => {
    driven.policy = { ...POLICY, lingerMs: 1_000 };
    driven.put(entry('a', { deadlineAtMs: 100 })).at(100);
    expect(driven.lane.phase).toBe('idle');
  });
});

describe('LN-13 abort', () => {
  test('R-KP-6 a queued record leaves, a sent one is delivered without its caller', () => {
    const [sent, queued] = [entry('a'), entry('b')];
    driven
      .put(sent)
      .send()
      .put(queued, 'c')
      .on({ type: 'abort', entries: new Set([sent, queued]), reason: 'enough' });
    expect(driven.answers).toEqual(['a ABORTED/unknown …', 'b ABORTED/not-sent']);
    driven.ack(3n).send();
    expect(driven.calls).toEqual(['a', 'c']);
    expect(driven.answers.at(-1)).toBe('late a ok@3');
  });

  test('R-KP-6 an aborted record in an open half of a bisection leaves as well', () => {
    const [a, b, c, d] = [entry('a'), entry('b'), entry('c'), entry('d')];
    driven.policy = { ...POLICY, maxBatchRecords: 4 };
    driven
      .put(a, b, c, d)
      .send()
      .fail(10)
      .on({ type: 'abort', entries: new Set([c]), reason: undefined });
    driven.on({ type: 'send' }).ack(0n).on({ type: 'send' });
    expect(driven.calls).toEqual(['abcd', 'ab', 'd']);
  });

  test('R-KP-6 an abort that leaves nothing makes the lane idle', () => {
    const only = entry('a');
    driven.put(only).on({ type: 'abort', entries: new Set([only]), reason: undefined });
    expect(driven.lane.phase).toBe('idle');
  });
});

describe('LN-9 refusal', () => {
  test('R-KP-6 when the guard refuses, all records are answered at once, in order, and nothing was sent', () => {
    driven.put('a', 'b', 'c', 'd').send().refuse(700);
    expect(driven.answers).toEqual(['a', 'b', 'c', 'd'].map((value) => `${value} UNAVAILABLE/not-sent`));
    expect(driven.lane.phase).toBe('idle');
  });

  test('R-KP-6 a batch that was attempted before is unknown, stays, and waits for the guard', () => {
    driven.put('a').send().lose().put('b').at(100).on({ type: 'send' }).refuse(700);
    expect(driven.answers).toEqual(['a UNAVAILABLE/unknown …', 'b UNAVAILABLE/not-sent']);
    expect(driven.lane.phase).toBe('backoff');
    expect(driven.lane.dueAtMs).toBe(800);
    driven.put('c');
    expect(driven.lane.phase).toBe('ready');
    driven.on({ type: 'send' }).ack(1n).send();
    expect(driven.calls).toEqual(['a', 'a', 'a', 'c']);
  });

  test('R-KP-6 a lane with three faults of its own refuses new publishes and probes itself with what it has', () => {
    driven.put('a').send();
    for (const ms of [100, 300]) driven.fail(19, { laneFault: true }).at(ms).on({ type: 'send' });
    driven.fail(19, { laneFault: true }).put('b');
    expect(driven.answers).toEqual(['b UNAVAILABLE/not-sent']);
    driven
      .put(entry('c', { call: { blockedKeys: new Set() } }))
      .at(700)
      .on({ type: 'send' })
      .ack(0n)
      .send()
      .ack(1n);
    expect(driven.answers).toEqual(['b UNAVAILABLE/not-sent', 'a ok@0', 'c ok@1']);
    driven.put('d').send();
    expect(driven.calls.at(-1)).toBe('d');
  });
});

describe('LN-10 a producer that cannot be stopped', () => {
  test('R-KP-6 the lane answers, refuses and sends nothing until its call is over', () => {
    const error = new ProducerUnavailableError({ pool: 'test', scope: 'lane' }, 'stuck');
    driven.put('a').send().put('b').on({ type: 'stuck', error }).put('c').on({ type: 'send' });
    expect(driven.answers).toEqual(['a UNAVAILABLE/unknown …', 'b UNAVAILABLE/not-sent', 'c UNAVAILABLE/not-sent']);
    expect(driven.lane.phase).toBe('fenced');
    driven.lose().at(100).on({ type: 'send' }).ack(0n);
    expect(driven.calls).toEqual(['a', 'a']);
    expect(driven.answers.at(-1)).toBe('late a ok@0');
  });
});

describe('BP-7 close', () => {
  test('R-KP-6 what may have been sent is unknown, the rest is not', () => {
    driven.put('a').send().put('b').on({ type: 'close' });
    expect(driven.answers).toEqual(['a CLOSED/unknown', 'b CLOSED/not-sent']);
    expect(driven.ack(0n).answers.length).toBe(2);
    expect(driven.lose().lane.phase).toBe('idle');
  });
});
