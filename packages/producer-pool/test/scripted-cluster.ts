import type {
  DriverAck,
  DriverCall,
  DriverFault,
  DriverProducer,
  FrozenRecord,
  ProducerDriver,
} from '../src/driver.ts';
import { faultOfCode, FAULTS } from '../src/kafka-errors.ts';

/**
 * A broker and a kafkajs-like client under the control of a test: every call waits until the test says how it ends.
 *
 * The client has kafkajs's sequence numbers with their flaw (a failed call rolls them back), the broker has Kafka's duplicate check (equal
 * first and last sequence of a producer is a duplicate and is not appended). Together they lose records for a pool that goes on with a
 * producer after a rejection.
 */
export type Ending =
  /** Appended and acknowledged; what contains poison is refused. */
  | 'ok'
  /** Appended, but the answer is lost. */
  | 'lost answer'
  /** Not appended, and nobody knows. */
  | 'lost request'
  /** As `lost request`, but the broker finds the request later: see `appendLate`. */
  | 'delayed'
  /** The client is not accepted any more; nothing was sent. */
  | 'not authenticated'
  /** As `lost request`, and the client says that it waited in vain. */
  | 'timeout'
  /** The broker answers that it does not lead the partition. */
  | 'not leader'
  /** The client resolves without an answer, nothing was appended. */
  | 'empty'
  /** The client tried twice: appended with the answer lost, then refused. It reports the refusal, which is not the truth. */
  | 'appended, then denied';

export interface ScriptedCall {
  readonly producer: ScriptedProducer;
  readonly call: DriverCall;
  readonly firstSequence: number;
  isOpen: boolean;
}

class ScriptedError extends Error {
  readonly fault: DriverFault;
  constructor(fault: DriverFault) {
    super(fault.kafkaError ?? fault.kind);
    this.fault = fault;
  }
}

/** A value the broker refuses, always and for good. */
export const POISON = 'poison';
const isPoison = (value: unknown): boolean => typeof value === 'string' && value.startsWith(POISON);
const NOT_LEADER = 6;
const TOO_LARGE = 10;
const TOPIC_DENIED = 29;

/** What the client says of a call without an answer, where it says more than that the connection is lost. */
const SILENT_FAULTS: Readonly<Partial<Record<Ending, DriverFault>>> = {
  timeout: FAULTS.requestTimeout,
  'not authenticated': FAULTS.sasl,
};

export interface Appended {
  readonly record: FrozenRecord;
  readonly producerId: string;
  /** Position among all that was ever appended, over all partitions. */
  readonly order: number;
}

class ScriptedProducer implements DriverProducer {
  readonly id: string;
  readonly #cluster: ScriptedCluster;
  readonly sequences = new Map<number, number>();
  readonly rejectors = new Set<(error: unknown) => void>();
  isDead = false;

  readonly idempotent: boolean;

  constructor(id: string, idempotent: boolean, cluster: ScriptedCluster) {
    this.id = id;
    this.idempotent = idempotent;
    this.#cluster = cluster;
  }

  send(call: DriverCall): Promise<DriverAck | undefined> {
    if (this.isDead) return Promise.reject(new ScriptedError(FAULTS.connectionLost));
    return this.#cluster.take(this, call);
  }

  connections(): number {
    return this.isDead ? 0 : 1;
  }

  async kill(): Promise<void> {
    await this.#cluster.killGate;
    this.isDead = true;
    for (const reject of this.rejectors) reject(new ScriptedError(FAULTS.connectionLost));
  }

  async close(): Promise<void> {
    await this.kill();
  }
}

export class ScriptedCluster {
  readonly logs: Appended[][];
  readonly calls: ScriptedCall[] = [];
  readonly producers: ScriptedProducer[] = [];
  readonly violations: string[] = [];
  /** Records in the log of which the client said that they were refused. */
  readonly deniedInLog = new Set<FrozenRecord>();
  /** Kills resolve when this does. */
  killGate: Promise<void> = Promise.resolve();
  opens: 'ok' | 'fail' | 'auth' = 'ok';
  leaderless = new Set<number>();
  partitions: number;
  topicCode = 0;
  metadataCalls = 0;
  /** By topic; a topic that is not here keeps its limit to itself. */
  readonly maxMessageBytes = new Map<string, number>();
  /** Metadata is told when this resolves. */
  metadataGate: Promise<void> = Promise.resolve();
  configCalls = 0;
  /** Configurations are told when this resolves. */
  configGate: Promise<void> = Promise.resolve();
  readonly #endings = new Map<
    ScriptedCall,
    { resolve: (ack: DriverAck | undefined) => void; reject: (error: unknown) => void }
  >();
  readonly #delayed: ScriptedCall[] = [];
  #appended = 0;
  readonly #batches = new Map<string, { first: number; last: number; base: number }[]>();
  readonly #unfinished = new Map<number, readonly FrozenRecord[]>();

  constructor(partitions: number) {
    this.partitions = partitions;
    this.logs = Array.from({ length: partitions }, () => []);
  }

  readonly driver: { -readonly [K in keyof ProducerDriver]: ProducerDriver[K] } = {
    name: 'scripted',
    capabilities: {
      inFlightPerBroker: { plain: 4, idempotent: 4 },
      selfHeals: false,
      maxRecordsPerCall: 1_000,
      compression: ['none', 'gzip'],
    },
    metadata: async (topics) => {
      this.metadataCalls += 1;
      await this.metadataGate;
      if (this.opens === 'fail') return Promise.reject(new ScriptedError(FAULTS.notConnected));
      if (this.opens === 'auth') return Promise.reject(new ScriptedError(FAULTS.sasl));
      const partitions = Array.from({ length: this.partitions }, (_, partition) => ({
        leader: this.leaderless.has(partition) ? undefined : 1,
        replicas: [1],
        isr: [1],
      }));
      const topic = this.topicCode === 0 ? { errorCode: 0, partitions } : { errorCode: this.topicCode, partitions: [] };
      return Promise.resolve({
        brokers: [{ id: 1, host: 'scripted', port: 9092 }],
        topics: new Map(topics.map((name) => [name, topic])),
      });
    },
    topicConfigs: async () => {
      this.configCalls += 1;
      await this.configGate;
      return new Map(
        [...this.maxMessageBytes].map(([topic, maxMessageBytes]) => [
          topic,
          { maxMessageBytes, minInsyncReplicas: 1, timestampType: 'CreateTime', cleanupPolicy: 'delete' },
        ]),
      );
    },
    open: ({ id, idempotent }) => {
      if (this.opens === 'fail') return Promise.reject(new ScriptedError(FAULTS.notConnected));
      if (this.opens === 'auth') return Promise.reject(new ScriptedError(FAULTS.sasl));
      const producer = new ScriptedProducer(id, idempotent, this);
      this.producers.push(producer);
      return Promise.resolve(producer);
    },
    classify: (error) => (error instanceof ScriptedError ? error.fault : FAULTS.unrecognized),
    close: () => Promise.resolve(),
  };

  get openCalls(): readonly ScriptedCall[] {
    return this.calls.filter((call) => call.isOpen);
  }

  get livingProducers(): number {
    return this.producers.filter((producer) => !producer.isDead).length;
  }

  /** Values of a partition's log. */
  values(partition: number): readonly (string | Uint8Array | null)[] {
    return this.logs[partition]?.map(({ record }) => record.value) ?? [];
  }

  take(producer: ScriptedProducer, call: DriverCall): Promise<DriverAck | undefined> {
    const { partition } = call;
    if (this.openCalls.some((other) => other.call.partition === partition))
      this.violations.push(`two calls on ${partition}`);
    const before = this.#unfinished.get(partition);
    if (before !== undefined && !same(before, call.records))
      this.violations.push(`a batch of ${partition} changed between attempts`);
    this.#unfinished.set(partition, call.records);
    const firstSequence = producer.sequences.get(partition) ?? 0;
    producer.sequences.set(partition, firstSequence + call.records.length);
    const scripted: ScriptedCall = { producer, call, firstSequence, isOpen: true };
    this.calls.push(scripted);
    const ending = Promise.withResolvers<DriverAck | undefined>();
    this.#endings.set(scripted, ending);
    const onKill = (error: unknown): void => {
      if (scripted.isOpen) this.#reject(scripted, error);
    };
    producer.rejectors.add(onKill);
    return ending.promise;
  }

  /** Ends a call; one that has ended already is left alone. */
  end(scripted: ScriptedCall, how: Ending): void {
    if (!scripted.isOpen) return;
    const poisoned = scripted.call.records.some((record) => isPoison(record.value));
    if (how === 'not leader') this.#reject(scripted, new ScriptedError(faultOfCode(NOT_LEADER)));
    else if (poisoned && how === 'ok') this.#refuse(scripted);
    else if (how === 'ok') this.#acknowledge(scripted, this.#append(scripted));
    else if (how === 'empty') this.#resolve(scripted, undefined);
    else if (how === 'appended, then denied') this.#deny(scripted, poisoned);
    else {
      if (!poisoned) this.#keep(scripted, how);
      this.#reject(scripted, new ScriptedError(SILENT_FAULTS[how] ?? FAULTS.connectionLost));
    }
  }

  /** What the broker has of a call that nobody gets an answer to. */
  #keep(scripted: ScriptedCall, how: Ending): void {
    if (how === 'lost answer') this.#append(scripted);
    if (how === 'delayed') this.#delayed.push(scripted);
  }

  /** The broker finds a request that everybody had given up. */
  appendLate(): void {
    const scripted = this.#delayed.shift();
    if (scripted !== undefined) this.#append(scripted);
  }

  #refuse(scripted: ScriptedCall): void {
    this.#unfinished.delete(scripted.call.partition);
    this.#reject(scripted, new ScriptedError(faultOfCode(TOO_LARGE)));
  }

  #deny(scripted: ScriptedCall, poisoned: boolean): void {
    if (!poisoned) {
      this.#append(scripted);
      for (const record of scripted.call.records) this.deniedInLog.add(record);
    }
    this.#unfinished.delete(scripted.call.partition);
    this.#reject(scripted, new ScriptedError(faultOfCode(TOPIC_DENIED)));
  }

  #acknowledge(scripted: ScriptedCall, result: { base: number } | { code: number }): void {
    const { topic, partition } = scripted.call;
    if ('code' in result) return this.#reject(scripted, new ScriptedError(faultOfCode(result.code)));
    this.#unfinished.delete(partition);
    this.#resolve(scripted, { topic, partition, errorCode: 0, baseOffset: BigInt(result.base) });
  }

  /** Kafka's rule: equal first and last sequence is a duplicate, the next in line is appended, anything else is out of order. */
  #append(scripted: ScriptedCall): { base: number } | { code: number } {
    const { partition, records } = scripted.call;
    const key = `${scripted.producer.id}/${partition}`;
    const known = this.#batches.get(key) ?? [];
    const first = scripted.firstSequence;
    const last = first + records.length - 1;
    const { idempotent, id } = scripted.producer;
    const duplicate = known.find((batch) => batch.first === first && batch.last === last);
    if (idempotent && duplicate !== undefined) return { base: duplicate.base };
    const previous = known.at(-1);
    const next = previous === undefined ? 0 : previous.last + 1;
    if (idempotent && first !== next) return { code: previous === undefined ? 59 : 45 };
    const log = this.logs[partition] ?? [];
    const base = log.length;
    for (const record of records) log.push({ record, producerId: id, order: (this.#appended += 1) });
    this.#batches.set(key, [...known, { first, last, base }]);
    return { base };
  }

  #resolve(scripted: ScriptedCall, ack: DriverAck | undefined): void {
    scripted.isOpen = false;
    this.#endings.get(scripted)?.resolve(ack);
  }

  #reject(scripted: ScriptedCall, error: unknown): void {
    const { producer, call } = scripted;
    scripted.isOpen = false;
    producer.sequences.set(call.partition, (producer.sequences.get(call.partition) ?? 0) - call.records.length);
    this.#endings.get(scripted)?.reject(error);
  }
}

const same = (a: readonly FrozenRecord[], b: readonly FrozenRecord[]): boolean =>
  a.length === b.length && a.every((record, index) => record === b[index]);
