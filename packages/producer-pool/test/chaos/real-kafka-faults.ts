/** What may befall a real cluster, one fault after the other: each strikes, lasts, and leaves the mending to `heal()`. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { BreakableKafka, KafkaNode } from '@busbar-tooling/dev-services';
import { seededRandom } from '@busbar-tooling/test-kit/seeded-random';

import { createProducerPool, type ProducerPool, type ProducerPoolOptions } from '../../src/index.ts';
import { CLIENT_ID } from './chaos-pools.ts';
import { type ChaosReport, chaosReport } from './chaos-report.ts';
import { refuseAfterAppend } from './real-kafka-doubt.ts';
import { ChaosLoad } from './real-kafka-load.ts';

export interface FaultContext {
  readonly kafka: BreakableKafka;
  readonly pool: ProducerPool;
  /** Of that pool. */
  readonly poolOptions: ProducerPoolOptions;
  readonly topic: string;
  readonly load: ChaosLoad;
  /** Of the faults alone, so that a seed gives the same ones again. */
  readonly random: () => number;
  /** To be told when the topic grows. */
  readonly onGrowth: (partitions: number) => void;
  /** What a fault with a topic of its own made of it; the duplicates are not judged. */
  readonly onReport: (report: ChaosReport) => void;
}

export interface RealFault {
  readonly name: string;
  /** Whether proxies or a controller of its own are needed. */
  readonly needs?: 'proxies' | 'isolated controller';
  /** Resolves with what it did. */
  readonly strike: (c: FaultContext) => Promise<string>;
}

/** Session of a broker, 3 s, and the time the controller takes. */
const PAST_SESSION_MS = 4_500;
const PARTITIONS = 6;
const GROWN = 8;

const shuffled = <T>(items: readonly T[], random: () => number): readonly T[] =>
  items
    .map((item) => ({ item, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);

const someNodes = ({ kafka, random }: FaultContext, count: number): readonly KafkaNode[] =>
  shuffled(kafka.nodes, random).slice(0, count);

const idsOf = (nodes: readonly KafkaNode[]): string => nodes.map(({ id }) => id).join(' and ');

/** Does something to every proxy, for a while. */
const throughProxies =
  (name: string, forMs: number, work: (proxy: NonNullable<KafkaNode['proxy']>) => void): RealFault['strike'] =>
  async ({ kafka }) => {
    for (const { proxy } of kafka.nodes) if (proxy !== undefined) work(proxy);
    await sleep(forMs);
    for (const { proxy } of kafka.nodes) proxy?.pass();
    return `${name} for ${forMs} ms`;
  };

const kill: RealFault['strike'] = async (c) => {
  const nodes = someNodes(c, 1);
  await Promise.all(nodes.map((node) => node.kill()));
  await sleep(500 + c.random() * 4_000);
  await Promise.all(nodes.map((node) => node.start()));
  return `node ${idsOf(nodes)}`;
};

const pause =
  (forMs: number): RealFault['strike'] =>
  async (c) => {
    const nodes = someNodes(c, 1);
    for (const node of nodes) node.pause();
    await sleep(forMs);
    for (const node of nodes) node.resume();
    return `node ${idsOf(nodes)} for ${forMs} ms`;
  };

const restart: RealFault['strike'] = async (c) => {
  const nodes = someNodes(c, 1);
  await Promise.all(nodes.map((node) => node.stop()));
  await Promise.all(nodes.map((node) => node.start()));
  return `node ${idsOf(nodes)}`;
};

const tooFewReplicas: RealFault['strike'] = async (c) => {
  const nodes = someNodes(c, 2);
  await Promise.all(nodes.map((node) => node.kill()));
  await sleep(PAST_SESSION_MS);
  await Promise.all(nodes.map((node) => node.start()));
  return `nodes ${idsOf(nodes)}`;
};

const MOVES = 12;

const moveLeaders: RealFault['strike'] = async ({ kafka, topic, random }) => {
  for (let move = 0; move < MOVES; move += 1) {
    const partition = Math.floor(random() * PARTITIONS);
    // oxlint-disable no-await-in-loop -- one move after the other
    const leader = await kafka.leader(topic, partition);
    const others = kafka.nodes.filter(({ id }) => id !== leader);
    const next = others[Math.floor(random() * others.length)] ?? kafka.node(1);
    await kafka.moveLeader(topic, partition, next.id);
    await sleep(random() * 400);
    // oxlint-enable no-await-in-loop
  }
  return `${MOVES} moves`;
};

const throttle: RealFault['strike'] = async ({ kafka }) => {
  const bytesPerSecond = 4_000;
  await kafka.limitProducers(CLIENT_ID, bytesPerSecond);
  await sleep(5_000);
  await kafka.limitProducers(CLIENT_ID, undefined);
  return `${bytesPerSecond} bytes/s`;
};

const tooLarge: RealFault['strike'] = async ({ kafka, topic, load }) => {
  await kafka.configureTopic(topic, { 'max.message.bytes': '20000' });
  load.withLargeRecords = true;
  await sleep(4_000);
  load.withLargeRecords = false;
  await kafka.configureTopic(topic, { 'max.message.bytes': undefined });
  return 'max.message.bytes 20000, with records of 40000';
};

const grow: RealFault['strike'] = async ({ kafka, topic, onGrowth }) => {
  onGrowth(GROWN);
  await kafka.extendTopic(topic, GROWN);
  await sleep(4_000);
  return `${PARTITIONS} to ${GROWN}`;
};

const reset: RealFault['strike'] = async ({ kafka, random }) => {
  const times = 8;
  for (let time = 0; time < times; time += 1) {
    for (const { proxy } of kafka.nodes) if (random() < 0.7) proxy?.reset();
    // oxlint-disable-next-line no-await-in-loop -- the time between two resets
    await sleep(random() * 600);
  }
  return `${times} times`;
};

const refuse: RealFault['strike'] = async ({ kafka }) => {
  const proxies = kafka.nodes.flatMap(({ proxy }) => proxy ?? []);
  await Promise.all(proxies.map((proxy) => proxy.refuse()));
  for (const proxy of proxies) proxy.reset();
  await sleep(2_500);
  await Promise.all(proxies.map((proxy) => proxy.accept()));
  return 'all nodes for 2500 ms';
};

const SIDE_KEYS = Array.from({ length: 12 }, (_, n) => `side${n}`);

/** Of a topic of its own, since what was acknowledged before goes with it; it comes again under its old name. */
const deleteTopic: RealFault['strike'] = async ({ kafka, pool, topic, onReport }) => {
  const side = `${topic}-side`;
  await kafka.createTopic(side, { partitions: 3 });
  const load = new ChaosLoad({ pool, topic: side, keys: SIDE_KEYS, random: seededRandom(1), pauseMs: 100 });
  await sleep(1_500);
  await kafka.deleteTopic(side);
  await sleep(2_000);
  const gone = load.told.splice(0).length;
  await kafka.createTopic(side, { partitions: 3 });
  await sleep(2_000);
  const ended = await load.end(30_000);
  const violations = ended ? [] : ['publishers still waited 30 s after the topic was there again'];
  const log = await kafka.readWithJava(side);
  onReport(chaosReport(log, load.told, { seed: 0, faults: 1, duplicatesAllowed: log.length, violations }));
  return `${gone} acknowledged records went with it, ${load.told.length} came after`;
};

/** With a pool of its own: in the other one a call for the topic waits behind those that have lost their answers. */
const doubt: RealFault['strike'] = async ({ kafka, poolOptions, topic, onReport }) => {
  await using pool = createProducerPool({ ...poolOptions, requestTimeoutMs: 5_000 });
  await pool.start();
  const report = await refuseAfterAppend({ kafka, pool, topic: `${topic}-doubt` });
  onReport(report);
  return `${report.acknowledged} records of a topic of its own acknowledged, ${report.lost} lost`;
};

export const KILL: RealFault = { name: 'SIGKILL', strike: kill };
export const PAUSE: RealFault = { name: 'SIGSTOP past the session, SIGCONT', strike: pause(PAST_SESSION_MS) };
export const MOVE_LEADERS: RealFault = { name: 'leader moves', strike: moveLeaders };

export const REAL_FAULTS: readonly RealFault[] = [
  KILL,
  PAUSE,
  MOVE_LEADERS,
  { name: 'SIGSTOP, SIGCONT', strike: pause(1_500) },
  { name: 'controlled restart', strike: restart },
  { name: 'fewer replicas than min.insync.replicas', needs: 'isolated controller', strike: tooFewReplicas },
  { name: 'throttling quota', strike: throttle },
  { name: 'max.message.bytes', strike: tooLarge },
  { name: 'partitions added', strike: grow },
  { name: 'topic deleted', strike: deleteTopic },
  { name: 'refused after append', needs: 'proxies', strike: doubt },
  { name: 'connection resets', needs: 'proxies', strike: reset },
  { name: 'connections refused', needs: 'proxies', strike: refuse },
  {
    name: 'answers lost',
    needs: 'proxies',
    strike: throughProxies('dropped', 2_500, (proxy) => proxy.dropResponses()),
  },
  {
    name: 'half-open connections',
    needs: 'proxies',
    strike: throughProxies('frozen', 3_000, (proxy) => proxy.freeze()),
  },
  {
    name: 'slow network',
    needs: 'proxies',
    strike: throughProxies('200 ms each way', 3_000, (proxy) => proxy.delay(200)),
  },
];

export const inRandomOrder = shuffled;
