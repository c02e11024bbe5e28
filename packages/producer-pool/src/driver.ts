/**
 * The port between the pool and a Kafka client. A driver turns one batch into one client call and tells honestly what became of it;
 * order, retries, batching and verification are the pool's.
 *
 * What a driver guarantees:
 * - one `send` is one attempt with that topic-partition alone; it never splits, merges, repartitions or drops records;
 * - no socket before `open` or `metadata`; the client module is imported at first use;
 * - `kill()` resolves only when every socket of the producer is destroyed: it can send nothing any more;
 * - after `close()` or `kill()` no timer, listener, socket or unhandled rejection is left.
 */
export type Acks = 'all' | 'leader';
export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
export type FaultKind = 'transient' | 'record' | 'topic' | 'client' | 'producer-broken';
export type FaultScope = 'record' | 'topic' | 'lane' | 'client' | 'broker';
export type FaultOutcome = 'not-sent' | 'rejected' | 'unknown';

/** A Kafka client behind the port of the pool. One driver object serves one pool at a time and may be used again after `close()`. */
export interface ProducerDriver {
  readonly name: string;
  readonly capabilities: DriverCapabilities;
  /** Brokers, partitions and leaders of the topics named; an unknown topic is an entry with its error code, never created. */
  metadata(topics: readonly string[], o: MetadataOptions): Promise<ClusterMetadata>;
  /** Configuration of the topics named, where the client can ask for it; a topic that may not be asked about is left out. */
  topicConfigs?(topics: readonly string[], o: MetadataOptions): Promise<ReadonlyMap<string, TopicConfig>>;
  /** A connected producer; rejects with the client's own error, which `classify` understands. */
  open(o: OpenProducerOptions): Promise<DriverProducer>;
  /** Where the cluster is looked for first; for start-up checks. */
  bootstrap?(): Promise<readonly HostPort[]>;
  /** How a socket to a broker is secured, secrets fetched; undefined: plain text. For start-up checks. */
  tls?(): Promise<SocketTls | undefined>;
  /** Total: any value at all gets a verdict. */
  classify(error: unknown): DriverFault;
  /** Closes what `metadata` keeps open; producers are closed one by one. */
  close(): Promise<void>;
}

export interface MetadataOptions {
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly signal: AbortSignal;
}

export interface OpenProducerOptions extends MetadataOptions {
  /** Identity given by the pool, unique within it. */
  readonly id: string;
  readonly idempotent: boolean;
}

export interface DriverProducer {
  readonly id: string;
  /**
   * One attempt. Resolves with the broker's answer for this topic-partition, with undefined where the client calls the send successful
   * without one, and rejects with the client's error.
   */
  send(call: DriverCall): Promise<DriverAck | undefined>;
  /** Open sockets. */
  connections(): number;
  /** Cuts everything at once: pending sends reject, nothing more is sent. */
  kill(reason: string): Promise<void>;
  /** Orderly end; what is not done at the deadline is killed. */
  close(o: { readonly deadlineMs: number }): Promise<void>;
}

export interface DriverCall {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly FrozenRecord[];
  readonly acks: Acks;
  readonly compression: Compression;
  /** The broker gives up after this time. */
  readonly timeoutMs: number;
}

/** A record as it goes to the wire; every attempt carries the same one. */
export interface FrozenRecord {
  readonly key: string | Uint8Array | null;
  readonly value: string | Uint8Array | null;
  readonly headers: Readonly<Record<string, string | Uint8Array>>;
  /** Epoch milliseconds. */
  readonly timestampMs: number;
}

export interface DriverAck {
  readonly topic: string;
  readonly partition: number;
  /** 0 = appended, 46 = duplicate; anything else is no acknowledgement. */
  readonly errorCode: number;
  /** Offset of the first record; undefined where the client does not know it (duplicates). */
  readonly baseOffset: bigint | undefined;
  readonly throttleMs?: number;
}

export interface DriverCapabilities {
  /** Calls the client really runs at the same time towards one broker. */
  readonly inFlightPerBroker: { readonly plain: number; readonly idempotent: number | 'unsupported' };
  /** True where a rejected idempotent call leaves no doubt about the producer's sequence numbers. */
  readonly selfHeals: boolean;
  readonly maxRecordsPerCall: number;
  readonly compression: readonly Compression[];
}

export interface DriverFault {
  readonly kind: FaultKind;
  readonly outcome: FaultOutcome;
  readonly scope: FaultScope;
  readonly kafkaCode?: number;
  readonly kafkaError?: string;
  readonly refreshMetadata: boolean;
}

export interface ClusterMetadata {
  readonly brokers: readonly BrokerNode[];
  readonly topics: ReadonlyMap<string, TopicMetadata>;
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** TLS as `node:tls` takes it. */
export interface SocketTls {
  /** In PEM; the system's authorities without it. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Default: the broker's host. */
  readonly servername?: string;
  /** Default: true. */
  readonly rejectUnauthorized?: boolean;
}

export interface BrokerNode extends HostPort {
  readonly id: number;
}

export interface TopicMetadata {
  /** 0 when the topic is there; the Kafka error code otherwise, and then `partitions` is empty. */
  readonly errorCode: number;
  /** index = partition */
  readonly partitions: readonly PartitionMetadata[];
}

/** What of a topic's configuration matters to a producer; undefined where the cluster does not tell. */
export interface TopicConfig {
  /** `max.message.bytes`: largest batch, compressed. */
  readonly maxMessageBytes: number | undefined;
  /** `min.insync.replicas`. */
  readonly minInsyncReplicas: number | undefined;
  /** `message.timestamp.type`: `CreateTime` or `LogAppendTime`. */
  readonly timestampType: string | undefined;
  /** `cleanup.policy`: `delete`, `compact` or both. */
  readonly cleanupPolicy: string | undefined;
}

export interface PartitionMetadata {
  /** Broker id, undefined while the partition has no leader. */
  readonly leader: number | undefined;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}
