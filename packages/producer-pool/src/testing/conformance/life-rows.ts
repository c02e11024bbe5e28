/** Rows about a producer's life: connecting, hanging, being killed, closing, and costing nothing while idle. */
import { deepStrictEqual, equal, ok, rejects } from 'node:assert/strict';

import type { DriverFault, DriverProducer } from '../../driver.ts';
import type { Row } from './row.ts';
import { CALL_MS, isAcknowledged, pause, record, type Session, within } from './session.ts';

/** A kill resolves within this. */
const KILL_MS = 2_000;
const IDLE_MS = 500;
/** A client that spins takes all of it. */
const MAX_IDLE_SHARE = 0.3;
const MICROSECONDS = 1_000;

const verdictOf = async (s: Session, work: Promise<unknown>): Promise<DriverFault | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => s.driver.classify(error),
  );

const isDead = async (s: Session, producer: DriverProducer, topic: string): Promise<void> => {
  equal(producer.connections(), 0);
  ok(!isAcknowledged(await s.attempt(producer, { topic, records: [record('from beyond')] })), 'sent after its end');
  equal(producer.connections(), 0);
};

const killedWhileConnecting = async (s: Session): Promise<void> => {
  const abort = new AbortController();
  const opening = s.open(abort.signal);
  opening.catch(() => undefined);
  await pause(50);
  abort.abort();
  await within(KILL_MS, 'an aborted opening', rejects(opening));
};

const killedWhileSending = async (s: Session, producer: DriverProducer, topic: string): Promise<void> => {
  const sending = s.attempt(producer, { topic, records: [record('pending')] });
  await pause(50);
  await within(KILL_MS, 'kill', producer.kill('conformance'));
  const ending = await within(100, 'a call of a killed producer', sending);
  ok(!isAcknowledged(ending), 'acknowledged by a hanging broker');
  await isDead(s, producer, topic);
};

export const lifeRows: readonly Row[] = [
  {
    id: 'DC-8',
    title: 'a kill while connecting, sending or retrying leaves no socket, and nothing is sent later',
    run: async (s) => {
      const hang = s.need('hang');
      const topic = await s.cluster.newTopic();
      const [sender, retrier] = await Promise.all([s.open(), s.open()]);
      await s.attempt(sender, { topic, records: [record('first')] });
      await s.attempt(retrier, { topic, records: [record('second')] });
      const resume = await hang();
      try {
        await killedWhileConnecting(s);
        await killedWhileSending(s, sender, topic);
        // A request has timed out, and the client tries again.
        const retrying = s.attempt(retrier, { topic, records: [record('pending')] });
        await pause(1_300);
        await within(KILL_MS, 'kill', retrier.kill('conformance'));
        ok(!isAcknowledged(await within(100, 'a call of a killed producer', retrying)));
      } finally {
        await resume();
      }
      await isDead(s, retrier, topic);
    },
  },
  {
    id: 'DC-16',
    title: 'a producer that closes lets its calls end first',
    run: async (s) => {
      const topic = await s.cluster.newTopic();
      const producer = await s.open();
      ok(producer.connections() > 0);
      ok(isAcknowledged(await s.attempt(producer, { topic, records: [record('one')] })));
      const sending = s.attempt(producer, { topic, records: [record('two')] });
      const closing = producer.close({ deadlineMs: CALL_MS });
      await within(CALL_MS + KILL_MS, 'close', closing);
      ok(isAcknowledged(await within(100, 'a call of a closed producer', sending)), 'cut off');
      await isDead(s, producer, topic);
      equal((await s.cluster.log(topic)).length, 2);
    },
  },
  {
    id: 'DC-18',
    title: 'with all brokers down everything ends in time, as something that passes',
    run: async (s) => {
      const stop = s.need('stop');
      const topic = await s.cluster.newTopic();
      const producer = await s.open();
      await s.attempt(producer, { topic, records: [record('before')] });
      const start = await stop();
      try {
        const opening = await within(3 * CALL_MS, 'opening', verdictOf(s, s.open()));
        deepStrictEqual([opening?.kind, opening?.outcome, opening?.scope], ['transient', 'not-sent', 'broker']);
        const sending = await s.attempt(producer, { topic, records: [record('lost')] });
        equal(sending.fault?.kind, 'transient');
        equal((await within(3 * CALL_MS, 'metadata', verdictOf(s, s.metadata([topic]))))?.kind, 'transient');
      } finally {
        await start();
      }
      await s.deliver({ topic, records: [record('after')] });
    },
  },
  {
    id: 'DC-19',
    title: 'a producer without traffic takes no CPU',
    once: true,
    run: async (s) => {
      const topic = await s.cluster.newTopic();
      await s.deliver({ topic, records: [record('x')] });
      await pause(100);
      const before = process.cpuUsage();
      await pause(IDLE_MS);
      const { user, system } = process.cpuUsage(before);
      const share = (user + system) / MICROSECONDS / IDLE_MS;
      ok(share < MAX_IDLE_SHARE, `${(share * 100).toFixed(0)} % of a core`);
    },
  },
];
