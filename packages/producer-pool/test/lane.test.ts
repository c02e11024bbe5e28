import { beforeEach, describe, expect, test } from 'vitest';

import type { BatchCall } from '../src/batch.ts';
import { faultOfCode } from '../src/kafka-errors.ts';
import { isFailing, laneDueAtMs, type LaneEvent } from '../src/lane-state.ts';
import { nextLane } from '../src/lane.ts';
import { Driven, entry, POLICY } from './driven-lane.ts';

let driven = new Driven();
beforeEach(() => {
  driven = new Driven();
});

describe('LN-2, LN-3 one call, natural batches', () => {
  test('R-KP-6 what comes while a call is out goes with the next, in order', () => {
    driven.put('a').send().put('b', 'c').on({ type: 'send' });
    expect(driven.calls).toEqual(['a']);
    driven.ack(5n).send().ack(6n);
    expect(driven.calls).toEqual(['a', 'bc']);
    expect(driven.answers).toEqual(['a ok@5', 'b ok@6', 'c ok@7']);
    expect(driven.lane.phase).toBe('idle');
    expect(laneDueAtMs(driven.lane)).toBe(Number.POSITIVE_INFINITY);
  });

  test('R-KP-6 a batch holds at most its records and bytes, and always one', () => {
    driven.put('a', 'b', 'c', 'd').send();
    expect(driven.calls).toEqual(['abc']);
    driven.ack(0n).put(entry('E', { sizeBytes: 900 }), entry('F', { sizeBytes: 5_000 }), 'g');
    driven.send().ack(3n).send().ack(5n).send();
    expect(driven.calls).toEqual(['abc', 'dE', 'F', 'g']);
  });

  test('R-KP-6 an idle lane lingers until its time, a full batch or a flush', () => {
    driven.policy = { ...POLICY, lingerMs: 50 };
    driven.put('a').at(49);
    expect(driven.lane.phase).toBe('lingering');
    expect(driven.at(50).lane.phase).toBe('ready');
    driven.send().ack(0n).put('b', 'c', 'd');
    expect(driven.lane.phase).toBe('ready');
    driven.send().ack(1n).put('e').on({ type: 'flush' });
    expect(driven.lane.phase).toBe('ready');
  });

  test('R-KP-6 a throttled lane waits, which is no failure', () => {
    driven.put('a').send().put('b').ack(0n, 500);
    expect(driven.lane.phase).toBe('backoff');
    expect(isFailing(driven.lane)).toBe(false);
    expect(driven.at(500).lane.phase).toBe('ready');
    driven.send().ack(1n, 500).put('c', 'd', 'e');
    expect(driven.lane.phase).toBe('lingering');
    expect(driven.at(1_000).lane.phase).toBe('ready');
  });
});

describe('LN-4, LN-8 frozen batches and retries', () => {
  test('R-KP-6 a failed batch is sent again as it was, before what came later', () => {
    driven.put('a').send().put('b').lose();
    expect(driven.lane.phase).toBe('backoff');
    expect(driven.lane.dueAtMs).toBe(100);
    driven.at(100).on({ type: 'send' }).lose();
    expect(driven.lane.dueAtMs).toBe(300);
    driven.at(300).on({ type: 'send' }).ack(9n).send();
    expect(driven.calls).toEqual(['a', 'a', 'a', 'b']);
    expect(driven.answers).toEqual(['a ok@9']);
  });

  test('R-KP-6 the acknowledgement counts the calls that carried the record', () => {
    driven.put('a').send().lose().at(100).on({ type: 'send' });
    expect(driven.batch?.attempts).toBe(2);
  });

  test('R-KP-6 a duplicate is acknowledged without an offset', () => {
    driven.put('a').send().ack(undefined);
    expect(driven.answers).toEqual(['a ok@undefined']);
  });

  test('R-KP-3 an unknown topic is answered after its retries, and then at once until it is there', () => {
    driven.put('a').send().fail(3).at(100).on({ type: 'send' }).fail(3);
    expect(driven.answers).toEqual(['a UNKNOWN_TOPIC/rejected']);
    driven.put('b').send().fail(3);
    expect(driven.answers).toEqual(['a UNKNOWN_TOPIC/rejected', 'b UNKNOWN_TOPIC/rejected']);
    driven.put('c').send().ack(0n).put('d').send().fail(3);
    expect(driven.lane.phase).toBe('backoff');
  });

  test('R-KP-6 a denied topic and a refused client are answered, and said apart', () => {
    driven.put('a').send().fail(29).put('b').send().fail(31).put('c').send().fail(76);
    expect(driven.answers).toEqual(['a TOPIC_DENIED/rejected', 'b AUTH/rejected', 'c RECORD_REJECTED/rejected']);
  });

  test('R-KP-6 what an earlier attempt left in doubt stays unknown when the topic is denied', () => {
    driven.put('a').send().lose().at(100).on({ type: 'send' }).fail(29);
    expect(driven.answers).toEqual(['a TOPIC_DENIED/unknown']);
  });
});

describe('LN-11 poison', () => {
  test('R-KP-6 a refused batch is halved, left half first, until one record is left', () => {
    driven.put('a', 'b', 'X').send().fail(10);
    driven.on({ type: 'send' }).ack(0n).on({ type: 'send' }).fail(10);
    expect(driven.calls).toEqual(['abX', 'ab', 'X']);
    expect(driven.answers).toEqual(['a ok@0', 'b ok@1', 'X RECORD_TOO_LARGE/rejected']);
    expect(driven.lane.phase).toBe('idle');
  });

  test('R-KP-6 single publishes go on behind a rejected record of their key', () => {
    driven.put('X', 'b').send().fail(87).on({ type: 'send' }).fail(87).on({ type: 'send' }).ack(0n);
    expect(driven.answers).toEqual(['X RECORD_REJECTED/rejected', 'b ok@0']);
  });

  test('R-KP-6 within one batch call the key is blocked, in the other half and in the queue', () => {
    const call: BatchCall = { blockedKeys: new Set() };
    const other = entry('o', { call, keyId: 'other' });
    driven.put(entry('X', { call }), entry('b', { call }), other, entry('d', { call }), 'e');
    driven.send().fail(10).on({ type: 'send' }).fail(10).on({ type: 'send' }).fail(10);
    expect(driven.answers).toEqual(['X RECORD_TOO_LARGE/rejected', 'b KEY_BLOCKED/not-sent', 'd KEY_BLOCKED/not-sent']);
    driven.on({ type: 'send' }).ack(0n).send().ack(1n);
    expect(driven.answers.slice(3)).toEqual(['o ok@0', 'e ok@1']);
  });

  test('R-KP-6 a refusal of the same bytes ends the doubt of a lost attempt', () => {
    driven.put('X').send().lose().at(100).on({ type: 'send' }).fail(10);
    expect(driven.answers).toEqual(['X RECORD_TOO_LARGE/rejected']);
  });

  test('R-KP-6 corruption is retried once, then the record is to blame only if others get through', () => {
    driven.put('a').send().fail(2);
    expect(driven.lane.phase).toBe('backoff');
    driven.at(100).on({ type: 'send' }).fail(2, { topicAckedAtMs: -1 });
    driven.put('b').send().fail(2);
    expect(driven.answers).toEqual(['a RECORD_REJECTED/rejected']);
    driven.at(200).on({ type: 'send' }).fail(2, { topicAckedAtMs: 150 });
    expect(driven.answers).toEqual(['a RECORD_REJECTED/rejected', 'b RECORD_REJECTED/rejected']);
    expect(driven.calls).toEqual(['a', 'a', 'b', 'b']);
  });

  test('R-KP-6 a timestamp of the pool is never the fault of the record', () => {
    const scopes: string[] = [];
    const listen = (event: LaneEvent): void => {
      for (const effect of nextLane(driven.lane, event, { policy: POLICY, nowMs: 0 })) {
        if (effect.type === 'fail') scopes.push(effect.error.details.scope);
      }
    };
    const refusal: LaneEvent = {
      type: 'failed',
      fault: faultOfCode(32),
      error: undefined,
      laneFault: false,
      topicAckedAtMs: 0,
    };
    driven.put('a').send();
    listen(refusal);
    driven.put(entry('b', { ownTimestamp: true })).send();
    listen(refusal);
    expect(scopes).toEqual(['client', 'record']);
  });
});
