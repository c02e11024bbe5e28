/** Each row of the conformance suite against a driver that breaks its rule and is well otherwise: a row that such a one passes tests nothing. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import type { DriverProducer, KafkaConnectionOptions, ProducerDriver } from '../../src/index.ts';
import {
  type ConformanceCluster,
  conformanceRowIds,
  describeDriverConformance,
  type FakeCluster,
  fakeConformance,
  memoryDriver,
  startFakeCluster,
} from '../../src/testing/index.ts';
import { acked, disown, pretend, refuse, retold, type Send, type Wrong, wrongDriver } from './wrong-driver.ts';

let fake: FakeCluster;
beforeAll(async () => {
  fake = await startFakeCluster();
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(() => fake.close());

/** Of wrong drivers. */
const timers: NodeJS.Timeout[] = [];
afterAll(() => {
  for (const timer of timers) clearTimeout(timer);
});

const DOORS: ConformanceCluster['doors'] = [
  { name: 'nobody', refusal: 'NOT_CONNECTED', connection: { brokers: ['127.0.0.1:1'], clientId: 'conformance' } },
];

/** Tries one row, with plain producers. */
const runRow = async (
  row: string,
  driver: (connection: KafkaConnectionOptions) => ProducerDriver,
  cluster: ConformanceCluster = { ...fakeConformance(fake), doors: DOORS },
): Promise<void> => {
  const runs: (() => Promise<void>)[] = [];
  describeDriverConformance({
    test: (_, run) => runs.push(run),
    driver,
    cluster: async () => cluster,
    rows: [row],
    idempotent: [false],
  });
  await Promise.all(runs.map((run) => run()));
};

/** What a driver that spins makes of the meter: it is the meter's, so that a busy machine has no say in it. */
const spin = (): void => {
  vi.spyOn(process, 'cpuUsage')
    .mockReturnValueOnce({ user: 0, system: 0 })
    .mockReturnValue({ user: 300_000, system: 100_000 });
};

const EQUAL = 'Expected values to be strictly equal';
const DEEP_EQUAL = 'Expected values to be strictly deep-equal';

interface WrongCase {
  readonly row: string;
  readonly what: string;
  readonly wrong: Wrong;
  /** Of the row, when it fails. */
  readonly message: string;
}

const WRONGS: readonly WrongCase[] = [
  { row: 'DC-1', what: 'tells the next offset', wrong: { send: retold({ baseOffset: 1n }) }, message: DEEP_EQUAL },
  {
    row: 'DC-2',
    what: 'takes another partition',
    wrong: { send: (call, well) => well({ ...call, partition: call.partition % 2 }) },
    message: 'a partition that is not there acknowledged',
  },
  {
    row: 'DC-3',
    what: 'forgets a record when the leader has moved',
    wrong: { send: pretend('after') },
    message: DEEP_EQUAL,
  },
  {
    row: 'DC-4',
    what: 'calls doubt a refusal',
    wrong: { send: disown('doubtful'), verdict: { outcome: 'rejected' } },
    message: 'rejected',
  },
  {
    row: 'DC-5',
    what: 'calls doubt a refusal',
    wrong: { send: refuse('first'), verdict: { outcome: 'rejected' } },
    message: 'rejected',
  },
  { row: 'DC-6', what: 'calls doubt a refusal', wrong: { verdict: { outcome: 'rejected' } }, message: EQUAL },
  { row: 'DC-7', what: 'fails a sibling', wrong: { send: disown('taken') }, message: 'UNRECOGNIZED' },
  {
    row: 'DC-8',
    what: 'cannot be killed',
    wrong: { kill: async () => undefined },
    message: 'a call of a killed producer takes longer',
  },
  { row: 'DC-9', what: 'has one verdict on everything', wrong: { verdict: { kind: 'client' } }, message: DEEP_EQUAL },
  {
    row: 'DC-10',
    what: 'calls a large record acknowledged',
    wrong: { send: async (call) => acked(call) },
    message: 'acknowledged at 1',
  },
  {
    row: 'DC-11',
    what: 'drops the headers',
    wrong: { send: (call, well) => well({ ...call, records: call.records.map((one) => ({ ...one, headers: {} })) }) },
    message: DEEP_EQUAL,
  },
  {
    row: 'DC-12',
    what: 'claims a codec',
    wrong: { capabilities: { compression: ['none', 'snappy'] } },
    message: 'snappy: UNSUPPORTED_COMPRESSION_TYPE',
  },
  {
    row: 'DC-13',
    what: 'hides the throttle time',
    wrong: { send: retold({ throttleMs: 0 }) },
    message: 'keeps the throttle time to itself',
  },
  { row: 'DC-14', what: 'gives another reason', wrong: { verdict: { kafkaError: 'TLS' } }, message: 'nobody' },
  {
    row: 'DC-14',
    what: 'doubts whether it sent anything',
    wrong: { verdict: { outcome: 'unknown' } },
    message: 'nobody: unknown',
  },
  {
    row: 'DC-15',
    what: 'finds every topic',
    wrong: {
      metadata: ({ brokers, topics }) => ({
        brokers,
        topics: new Map([...topics.keys()].map((name) => [name, { errorCode: 0, partitions: [] }])),
      }),
    },
    message: EQUAL,
  },
  {
    row: 'DC-16',
    what: 'cuts calls off',
    wrong: { close: (producer) => producer.kill('closed') },
    message: 'cut off',
  },
  {
    row: 'DC-17',
    what: 'takes nothing for a success',
    wrong: { send: async (call, well) => (await well(call)) ?? acked(call) },
    message: 'acknowledged',
  },
  {
    row: 'DC-18',
    what: 'calls an outage its own mistake',
    wrong: { verdict: { scope: 'client' } },
    message: DEEP_EQUAL,
  },
  { row: 'DC-18', what: 'opens without a broker', wrong: { stub: true }, message: DEEP_EQUAL },
  { row: 'DC-19', what: 'spins', wrong: { open: spin }, message: '80 % of a core' },
  {
    row: 'DC-20',
    what: 'swallows what follows a broken sequence',
    wrong: { send: pretend('four') },
    message: DEEP_EQUAL,
  },
  {
    row: 'DC-21',
    what: 'leaves connections',
    wrong: { close: async () => undefined },
    message: 'the end of the last connection takes longer',
  },
  {
    row: 'DC-21',
    what: 'leaves a timer',
    wrong: { open: () => void timers.push(setTimeout(() => undefined, 5_000)) },
    message: 'a timer is left',
  },
  {
    row: 'DC-21',
    what: 'changes its options',
    wrong: { open: (connection) => void Object.assign(connection, { clientId: 'mine' }) },
    message: 'read only',
  },
];

const runWrong = async (row: string, wrong: Wrong): Promise<void> => {
  const made: DriverProducer[] = [];
  try {
    await runRow(row, wrongDriver(wrong, made));
  } finally {
    await Promise.all(made.map((producer) => producer.kill('the test is over')));
  }
};

/** Rows whose faults are those of a topic of their own. */
const TOGETHER = new Set(['DC-5', 'DC-6', 'DC-7', 'DC-9', 'DC-14', 'DC-20']);
const [together = [], alone = []] = [true, false].map((is) => WRONGS.filter(({ row }) => TOGETHER.has(row) === is));

describe('R-KP-6 a wrong driver does not conform', () => {
  test.each(alone)('$row one that $what', async ({ row, wrong, message }) => {
    await expect(runWrong(row, wrong)).rejects.toThrow(message);
  });

  test.concurrent.each(together)('$row one that $what', async ({ row, wrong, message }) => {
    await expect(runWrong(row, wrong)).rejects.toThrow(message);
  });

  test('and there is one for each row', () => {
    expect([...new Set(WRONGS.map(({ row }) => row))]).toEqual(conformanceRowIds);
  });
});

test.each(['DC-4', 'DC-5'])(
  'R-KP-6 %s one that tells its doubt, and never tries again by itself, does',
  async (row) => {
    const seen = new Set<unknown>();
    const send: Send = async (call, well) => {
      const ack = await well(call);
      const value = call.records[0]?.value;
      if (value === 'before' || seen.has(value)) return ack;
      seen.add(value);
      throw new Error('no answer');
    };
    await runWrong(row, { send });
  },
);

describe('R-KP-6 a driver that delivers nothing does not conform', () => {
  const cluster: ConformanceCluster = { brokers: [], newTopic: async () => 't', log: async () => [] };
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const late = async (run: Promise<void>): Promise<void> => {
    const ended = run.then(() => 'delivered', String);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await ended).toContain('not delivered within 40000 ms');
    expect(vi.getTimerCount()).toBe(0);
  };

  test('be it that it hangs and cannot be opened again', async () => {
    let isOpened = false;
    await late(
      runRow(
        'DC-11',
        () => {
          const memory = memoryDriver({ topics: { t: 1 } });
          return {
            ...memory,
            capabilities: { ...memory.capabilities, selfHeals: false },
            open: async (o) => {
              if (isOpened) throw new Error('not again');
              isOpened = true;
              return { ...(await memory.open(o)), send: () => new Promise(() => undefined) };
            },
          };
        },
        cluster,
      ),
    );
  });

  test('or that it says of itself that it heals', async () => {
    await late(
      runRow(
        'DC-11',
        () => {
          const memory = memoryDriver({ topics: { t: 1 } });
          memory.down();
          const open: ProducerDriver['open'] = async (o) => {
            memory.up();
            const producer = await memory.open(o);
            memory.down();
            return producer;
          };
          return { ...memory, open };
        },
        cluster,
      ),
    );
  });
});
