/** Rows about doubt: answers that are lost, late, empty or wrong, leaders that move, and clients that are not let in. */
import { deepStrictEqual, equal, ok } from 'node:assert/strict';

import type { DriverFault } from '../../driver.ts';
import {
  DUPLICATE_SEQUENCE,
  faultOfCode,
  knownKafkaCodes,
  NOT_ENOUGH_REPLICAS,
  NOT_LEADER,
  TOPIC_AUTHORIZATION_FAILED,
} from '../../kafka-errors.ts';
import { type ConformanceDoor, FAKE_THROTTLE_MS } from './cluster.ts';
import type { Row } from './row.ts';
import {
  CONNECT_TIMEOUT_MS,
  isAcknowledged,
  pause,
  record,
  REQUEST_TIMEOUT_MS,
  type Session,
  within,
} from './session.ts';

const REQUEST_TIMED_OUT = 7;
const OUT_OF_ORDER = 45;
/** A socket that was destroyed is gone at the other side within this. */
const END_MS = 500;
/** Retry loops of a client that was killed have ended within this. */
const LOOPS_END_MS = 1_000;
/** The last code that kafkajs knows by name. */
const KAFKAJS_KNOWS = 88;

const valuesIn = async (s: Session, topic: string): Promise<readonly string[]> =>
  (await s.cluster.log(topic)).map(({ value }) => String(value));

/** Timers of the process that keep it alive. */
const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

/** First occurrences, in order. */
const once = (values: readonly string[]): readonly string[] => [...new Set(values)];

const verdictByCode = async (s: Session, code: number): Promise<DriverFault | undefined> => {
  const fake = s.need('fake');
  const topic = await s.cluster.newTopic();
  fake.inject({ api: 'Produce', topic, times: 1_000, effect: { errorCode: code } });
  const { fault } = await s.attempt(await s.open(), { topic, records: [record('refused')] });
  return fault;
};

const enters = async (s: Session, door: ConformanceDoor, make: Session['driverFor']): Promise<void> => {
  const driver = make(door.connection);
  const startedAtMs = performance.now();
  const told = await s.open(undefined, driver).then(
    () => undefined,
    (error: unknown) => driver.classify(error),
  );
  const tookMs = performance.now() - startedAtMs;
  await driver.close();
  equal(told?.kafkaError, door.refusal, door.name);
  ok(told === undefined || told.outcome === 'not-sent', `${door.name}: ${told?.outcome}`);
  ok(tookMs < 2 * CONNECT_TIMEOUT_MS, `${door.name}: ${tookMs} ms`);
};

export const faultRows: readonly Row[] = [
  {
    id: 'DC-3',
    title: 'a leader that moves is followed, and nothing is lost',
    run: async (s) => {
      const moveLeader = s.need('moveLeader');
      const topic = await s.cluster.newTopic();
      const producer = await s.open();
      ok(isAcknowledged(await s.attempt(producer, { topic, records: [record('before')] })));
      await moveLeader(topic);
      const ack = await s.deliver({ topic, records: [record('after')] }, producer);
      const values = await valuesIn(s, topic);
      deepStrictEqual(once(values), ['before', 'after']);
      equal(ack.baseOffset === undefined || values[Number(ack.baseOffset)] === 'after', true);
    },
  },
  {
    id: 'DC-4',
    title: 'a lost answer: once in the log if idempotent, at least once otherwise, and never called rejected',
    run: async (s) => {
      const loseAnswers = s.need('loseAnswers');
      const topic = await s.cluster.newTopic();
      const producer = await s.open();
      ok(isAcknowledged(await s.attempt(producer, { topic, records: [record('before')] })));
      const undo = await loseAnswers();
      const ending = await s.attempt(producer, { topic, records: [record('doubtful')] });
      await undo();
      ok(isAcknowledged(ending) || ending.fault?.outcome === 'unknown', ending.fault?.outcome);
      const written = (await valuesIn(s, topic)).filter((value) => value === 'doubtful').length;
      ok(s.idempotent ? written === 1 : written >= 1, `written ${written} times`);
      await s.deliver({ topic, records: [record('after')] });
      deepStrictEqual(once(await valuesIn(s, topic)), ['before', 'doubtful', 'after']);
    },
  },
  {
    id: 'DC-5',
    title: 'an answer that comes after the timeout swallows no later record',
    run: async (s) => {
      const fake = s.need('fake');
      const topic = await s.cluster.newTopic();
      const producer = await s.open();
      const late = { hold: 'after', holdMs: REQUEST_TIMEOUT_MS + 200 } as const;
      fake.inject({ api: 'Produce', topic, effect: late });
      const first = await s.attempt(producer, { topic, records: [record('first')] });
      ok(isAcknowledged(first) || first.fault?.outcome === 'unknown', first.fault?.outcome);
      const next = s.driver.capabilities.selfHeals || isAcknowledged(first) ? producer : undefined;
      await s.deliver({ topic, records: [record('other')] }, next);
      deepStrictEqual(once(await valuesIn(s, topic)), ['first', 'other']);
    },
  },
  {
    id: 'DC-6',
    title: 'a failed call swallows no later record',
    run: async (s) => {
      const fake = s.need('fake');
      const topic = await s.cluster.newTopic();
      const producer = await s.open();
      await s.deliver({ topic, records: [record('warm')] }, producer);
      // Appended, and called a failure: the next call must not be taken for its repetition.
      const effect = { errorCode: REQUEST_TIMED_OUT, append: true };
      const fault = fake.inject({ api: 'Produce', topic, times: 9, effect });
      const refused = await s.attempt(producer, { topic, records: [record('A')] });
      fault.remove();
      equal(refused.fault?.outcome, 'unknown');
      const next = s.driver.capabilities.selfHeals ? producer : await s.open();
      await s.deliver({ topic, records: [record('B')] }, next);
      // Appended without an answer, and what the client sends again is refused.
      fake.inject({ api: 'Produce', topic, effect: { answer: 'drop' } });
      fake.inject({ api: 'Produce', topic, effect: { errorCode: TOPIC_AUTHORIZATION_FAILED } });
      const doubtful = await s.attempt(next, { topic, records: [record('C')] });
      ok(doubtful.ack === undefined, 'a refusal was acknowledged');
      equal(doubtful.fault?.outcome, 'unknown', 'a refusal does not undo what was written before');
      await s.deliver({ topic, records: [record('D')] }, s.driver.capabilities.selfHeals ? next : undefined);
      deepStrictEqual(once(await valuesIn(s, topic)), ['warm', 'A', 'B', 'C', 'D']);
    },
  },
  {
    id: 'DC-7',
    title: 'two calls to partitions of one broker have each their own fate',
    run: async (s) => {
      const fake = s.need('fake');
      const brokers = s.cluster.brokers.length;
      const topic = await s.cluster.newTopic({ partitions: brokers + 1 });
      const producer = await s.open();
      fake.inject({
        api: 'Produce',
        topic,
        partition: 0,
        times: 9,
        effect: { errorCode: NOT_ENOUGH_REPLICAS },
      });
      const [refused, taken] = await Promise.all([
        s.attempt(producer, { topic, partition: 0, records: [record('refused')] }),
        s.attempt(producer, { topic, partition: brokers, records: [record('taken')] }),
      ]);
      equal(refused.fault?.kafkaCode, NOT_ENOUGH_REPLICAS);
      ok(isAcknowledged(taken), taken.fault?.kafkaError);
      deepStrictEqual(await valuesIn(s, topic), ['taken']);
    },
  },
  {
    id: 'DC-9',
    title: 'every code of Kafka gets the verdict of the table',
    run: async (s) => {
      const codes = knownKafkaCodes.filter((code) => code !== DUPLICATE_SEQUENCE);
      const verdicts = await Promise.all(codes.map((code) => verdictByCode(s, code)));
      for (const [index, code] of codes.entries()) {
        const { kind, scope } = faultOfCode(code);
        const fault = verdicts[index];
        deepStrictEqual([code, fault?.kind, fault?.scope], [code, kind, scope]);
        ok(code > KAFKAJS_KNOWS || fault?.kafkaCode === code, `${code} became ${fault?.kafkaCode}`);
      }
      equal(await verdictByCode(s, DUPLICATE_SEQUENCE), undefined, 'a duplicate is a success');
    },
  },
  {
    id: 'DC-13',
    title: 'to be throttled is no failure, and told',
    once: true,
    run: async (s) => {
      const throttle = s.need('throttle');
      const topic = await s.cluster.newTopic();
      const producer = await s.open();
      const undo = await throttle('conformance');
      const toldMs: number[] = [];
      try {
        for (const value of ['one', 'two', 'three']) {
          // oxlint-disable-next-line no-await-in-loop -- one call after the other
          const ending = await s.attempt(producer, { topic, records: [record(value)] });
          ok(isAcknowledged(ending), `${value}: ${ending.fault?.kafkaError}`);
          toldMs.push(ending.ack?.throttleMs ?? 0);
        }
      } finally {
        await undo();
      }
      deepStrictEqual(await valuesIn(s, topic), ['one', 'two', 'three']);
      ok(Math.max(...toldMs) > 0, 'the driver keeps the throttle time to itself');
      if (s.cluster.fake !== undefined) deepStrictEqual(toldMs, [FAKE_THROTTLE_MS, FAKE_THROTTLE_MS, 0]);
    },
  },
  {
    id: 'DC-14',
    title: 'who is not let in is told why, in time',
    once: true,
    run: async (s) => {
      for (const door of s.need('doors')) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other, each with its time
        await enters(s, door, s.driverFor);
      }
    },
  },
  {
    id: 'DC-17',
    title: 'an empty answer is no acknowledgement',
    run: async (s) => {
      const fake = s.need('fake');
      const topic = await s.cluster.newTopic();
      const producer = await s.open();
      fake.inject({ api: 'Produce', topic, times: 9, effect: { append: false, answer: 'empty' } });
      ok(!isAcknowledged(await s.attempt(producer, { topic, records: [record('nothing')] })), 'acknowledged');
      deepStrictEqual(await valuesIn(s, topic), []);
    },
  },
  {
    id: 'DC-20',
    title: 'a producer whose sequence is broken or forgotten loses nothing',
    run: async (s) => {
      const fake = s.need('fake');
      const topic = await s.cluster.newTopic();
      const producer = await s.open();
      await s.deliver({ topic, records: [record('one')] }, producer);
      fake.inject({ api: 'Produce', topic, effect: { errorCode: OUT_OF_ORDER } });
      await s.deliver({ topic, records: [record('two')] }, producer);
      const again = await s.open();
      await s.deliver({ topic, records: [record('three')] }, again);
      fake.forgetProducers(topic);
      await s.deliver({ topic, records: [record('four')] }, again);
      deepStrictEqual(once(await valuesIn(s, topic)), ['one', 'two', 'three', 'four']);
    },
  },
  {
    id: 'DC-21',
    title: 'options are left as they are, and nothing is left of a producer that has ended',
    run: async (s) => {
      const fake = s.need('fake');
      const topic = await s.cluster.newTopic();
      const timersBefore = timers();
      const connection = Object.freeze({ brokers: Object.freeze([...s.cluster.brokers]), clientId: 'frozen' });
      const driver = s.driverFor(connection);
      const [closed, killed] = await Promise.all([s.open(undefined, driver), s.open(undefined, driver)]);
      await s.attempt(closed, { topic, records: [record('closed')] });
      fake.inject({ api: 'Produce', topic, times: 100, effect: { errorCode: NOT_LEADER } });
      const retrying = s.attempt(killed, { topic, records: [record('killed')] });
      await pause(20);
      await Promise.all([closed.close({ deadlineMs: 1_000 }), killed.kill('conformance')]);
      ok(!isAcknowledged(await retrying));
      await driver.close();
      const givesUpAtMs = performance.now() + LOOPS_END_MS;
      // oxlint-disable-next-line no-await-in-loop -- until the client has noticed that it is dead
      while (timers() > timersBefore && performance.now() < givesUpAtMs) await pause(10);
      ok(timers() <= timersBefore, 'a timer is left');
      await within(END_MS, 'the end of the last connection', fake.disconnected());
      deepStrictEqual(await valuesIn(s, topic), ['closed']);
    },
  },
];
