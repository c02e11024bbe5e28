import { describe, expect, test } from 'vitest';

import { createProducerPool, type ProducerDriver, type TopicConfig, type TopicMetadata } from '../src/index.ts';
import { faultOfCode, FAULTS } from '../src/kafka-errors.ts';
import { memoryDriver } from '../src/testing/index.ts';
import { outcomeOf, partition, withTopics } from './checked-driver.ts';

describe('R-KP-5 topics', () => {
  const events: TopicMetadata = { errorCode: 0, partitions: [partition(), partition()] };
  const of = (topic: TopicMetadata, config?: Partial<TopicConfig>) =>
    outcomeOf(withTopics({ events: topic }, config === undefined ? undefined : { events: config }), 'topic', {
      topics: ['events'],
    });

  test('R-KP-5 without topics there is nothing to look at', async () => {
    expect(await outcomeOf(withTopics({}), 'topic')).toEqual({ status: 'skip', message: 'no topics are named' });
    expect(await outcomeOf(withTopics({}, {}), 'topicConfig')).toMatchObject({ status: 'skip' });
  });

  test('R-KP-5 they are there, led, and in sync', async () => {
    expect(await of(events, {})).toEqual({
      status: 'pass',
      message: '1 topics are there',
      data: { topics: 1, partitions: 2 },
    });
    expect(await of(events)).toMatchObject({ status: 'pass' });
  });

  test.each<[string, TopicMetadata, string]>([
    ['is unknown', { errorCode: 3, partitions: [] }, 'events: UNKNOWN_TOPIC_OR_PARTITION'],
    [
      'has no leader',
      { errorCode: 0, partitions: [partition(), partition({ leader: undefined })] },
      'events: 1 of 2 partitions have no leader',
    ],
    [
      'has too few replicas in sync',
      { errorCode: 0, partitions: [partition({ isr: [1] })] },
      'events: 1 of 1 partitions have fewer replicas in sync than min.insync.replicas = 2',
    ],
  ])('R-KP-5 a topic that %s fails', async (_, topic, message) => {
    expect(await of(topic, {})).toMatchObject({ status: 'fail', category: 'incompatible', message });
  });

  test('R-KP-5 a topic that the answer leaves out is unknown; replicas that are behind warn', async () => {
    expect(await outcomeOf(withTopics({}), 'topic', { topics: ['events'] })).toMatchObject({
      message: 'events: unknown',
    });
    expect(await of({ errorCode: 0, partitions: [partition({ isr: [1, 2] })] }, {})).toMatchObject({
      status: 'warn',
      message: 'events: replicas are behind',
    });
  });

  test('R-KP-5 a configuration that may not be read does not fail the topic', async () => {
    const driver = { ...withTopics({ events }), topicConfigs: () => Promise.reject(new Error('denied')) };
    expect(await outcomeOf(driver, 'topic', { topics: ['events'] })).toMatchObject({ status: 'pass' });
    expect(await outcomeOf(driver, 'topicConfig', { topics: ['events'] })).toMatchObject({
      status: 'warn',
      message: 'the configuration may not be read: UNRECOGNIZED',
    });
  });
});

describe('R-KP-5 configuration of topics', () => {
  const of = (config: Partial<TopicConfig>, replicas: readonly number[] = [1, 2, 3]) =>
    outcomeOf(
      withTopics({ events: { errorCode: 0, partitions: [partition({ replicas })] } }, { events: config }),
      'topicConfig',
      { topics: ['events'] },
    );

  test('R-KP-5 a safe one passes, and so does one that the cluster does not tell in full', async () => {
    expect(await of({})).toEqual({ status: 'pass', message: 'the topics are configured for safety' });
    const untold = { maxMessageBytes: undefined, minInsyncReplicas: undefined, timestampType: undefined };
    expect(await of({ ...untold, cleanupPolicy: undefined })).toMatchObject({ status: 'pass' });
    expect(await of({ minInsyncReplicas: 1 }, [1])).toMatchObject({ status: 'pass' });
  });

  test.each<[Partial<TopicConfig>, string]>([
    [{ maxMessageBytes: 1_000_000 }, 'max.message.bytes = 1000000 is below maxRequestBytes = 1048576'],
    [{ minInsyncReplicas: 1 }, 'min.insync.replicas = 1 of 3 replicas'],
    [{ timestampType: 'LogAppendTime' }, 'the time of an event is replaced'],
    [{ cleanupPolicy: 'compact,delete' }, 'only the last event of a key is kept'],
  ])('R-KP-5 %o warns', async (config, text) => {
    const outcome = await of(config);
    expect(outcome).toMatchObject({ status: 'warn' });
    expect(outcome.message).toContain(text);
  });

  test('R-KP-5 what is not told is said, and a driver that cannot ask is skipped', async () => {
    const topics = ['events'];
    expect(await outcomeOf(withTopics({}, {}), 'topicConfig', { topics })).toMatchObject({
      status: 'warn',
      message: 'events: its configuration is not told',
    });
    expect(await outcomeOf(withTopics({}), 'topicConfig', { topics })).toMatchObject({ status: 'skip' });
    expect(await outcomeOf(withTopics({}, { events: {} }), 'topicConfig', { topics })).toMatchObject({
      status: 'pass',
    });
  });
});

describe('R-KP-5 what a run of checks costs', () => {
  test('R-KP-5 one question for the cluster, one for the topics, one for their configuration; again when it is repeated', async () => {
    const asked: string[] = [];
    const driver = withTopics({ events: { errorCode: 0, partitions: [partition()] } }, { events: {} });
    const counting: ProducerDriver = {
      ...driver,
      metadata: (topics, o) => {
        asked.push(`metadata ${topics.length}`);
        return driver.metadata(topics, o);
      },
      topicConfigs: async (topics, o) => {
        asked.push(`configs ${topics.length}`);
        return (await driver.topicConfigs?.(topics, o)) ?? new Map();
      },
    };
    const pool = createProducerPool({ driver: counting, topics: ['events'] });
    const checks = pool.connectivityChecks();
    const signal = AbortSignal.timeout(10_000);
    // oxlint-disable-next-line no-await-in-loop -- as their dependencies want it
    for (const check of checks) expect((await check.run({ signal })).status).not.toBe('fail');
    expect(asked).toEqual(['metadata 0', 'metadata 1', 'configs 1']);
    await checks.find(({ id }) => id === 'kafka.topicConfig')?.run({ signal });
    expect(asked.slice(3)).toEqual(['metadata 1', 'configs 1']);
    await pool.close();
  });

  test('R-KP-5 a cluster that goes away between two of them is told as such', async () => {
    const gone: ProducerDriver = {
      ...withTopics({}, { events: {} }),
      metadata: () => Promise.reject(new Error('gone')),
      classify: () => FAULTS.notConnected,
    };
    expect(await outcomeOf(gone, 'topicConfig', { topics: ['events'] })).toMatchObject({
      status: 'fail',
      category: 'unreachable',
    });
    const { kafkaError: _, ...nameless } = FAULTS.notConnected;
    const silent: ProducerDriver = {
      ...withTopics({ events: { errorCode: 0, partitions: [partition()] } }),
      topicConfigs: () => Promise.reject(new Error('denied')),
      classify: () => nameless,
    };
    expect((await outcomeOf(silent, 'topicConfig', { topics: ['events'] })).message).toContain('UNRECOGNIZED');
  });
});

describe('R-KP-5 the write probe', () => {
  test('R-KP-5 without a topic for it nothing is written and there is no such check', async () => {
    const pool = createProducerPool({ driver: memoryDriver() });
    expect(pool.connectivityChecks().map(({ id }) => id)).not.toContain('kafka.produce');
    await pool.close();
  });

  test('R-KP-5 it writes one record, tells the time, and closes its producer', async () => {
    const driver = memoryDriver({ topics: { probes: 1 } });
    let closed = 0;
    const watched: ProducerDriver = {
      ...driver,
      open: async (o) => {
        const producer = await driver.open(o);
        return { ...producer, close: async () => void (closed += 1) };
      },
    };
    const outcome = await outcomeOf(watched, 'produce', { writeProbe: 'probes' });
    expect(outcome.status).toBe('pass');
    expect(Object.keys(outcome.data ?? {})).toEqual(['openMs', 'latencyMs']);
    expect([driver.log('probes').length, closed]).toEqual([1, 1]);
  });

  test('R-KP-5 a topic that is not there, a denial, a refusal and an empty answer', async () => {
    const driver = memoryDriver({ topics: { probes: 1 } });
    const o = { writeProbe: 'probes' };
    expect(await outcomeOf(driver, 'produce', { writeProbe: 'other' })).toMatchObject({
      status: 'fail',
      category: 'incompatible',
    });
    const leaderless = withTopics({ probes: { errorCode: 0, partitions: [partition({ leader: undefined })] } });
    expect(await outcomeOf(leaderless, 'produce', o)).toMatchObject({ category: 'incompatible' });
    expect(await outcomeOf(withTopics({}), 'produce', o)).toMatchObject({ category: 'incompatible' });
    const answering = (send: () => Promise<undefined>, fault = FAULTS.sasl): ProducerDriver => ({
      ...driver,
      open: async (open) => ({ ...(await driver.open(open)), send }),
      classify: () => fault,
    });
    expect(
      await outcomeOf(
        answering(() => Promise.resolve(undefined)),
        'produce',
        o,
      ),
    ).toMatchObject({
      status: 'fail',
      message: 'the record on probes was not acknowledged',
    });
    const denied: ProducerDriver = {
      ...answering(() => Promise.reject(new Error('denied'))),
      classify: () => faultOfCode(29),
    };
    expect(await outcomeOf(denied, 'produce', o)).toMatchObject({
      status: 'fail',
      category: 'auth',
      help: 'grant WRITE on it',
    });
    expect(
      await outcomeOf(
        answering(() => Promise.reject(new Error('no'))),
        'produce',
        o,
      ),
    ).toMatchObject({
      status: 'fail',
      category: 'auth',
    });
  });
});
