/**
 * What may go wrong with a request, and which requests it goes wrong with. A fault is described by its effects alone: when the request is
 * held, whether its records are appended, and what the client gets to read. "Dropped after append" is `{ answer: 'drop' }`; "dropped
 * before append" is `{ append: false, answer: 'drop' }`.
 */
export type FakeApi =
  | 'ApiVersions'
  | 'DescribeConfigs'
  | 'InitProducerId'
  | 'Metadata'
  | 'Produce'
  | 'SaslAuthenticate'
  | 'SaslHandshake';

export interface FaultEffect {
  /** Kafka error code for everything the rule names: the partitions of a Produce, the topics of a Metadata or DescribeConfigs, or the answer as a whole. */
  readonly errorCode?: number;
  /** Whether a Produce appends. Default: false with an `errorCode`, else true. */
  readonly append?: boolean;
  /** Holds the request before or after it is carried out; what follows on the same connection waits too, as on a real broker. */
  readonly hold?: 'before' | 'after';
  /** How long. Default: until `release()`. Real time. */
  readonly holdMs?: number;
  /** Called when the request was carried out and is not yet answered. */
  readonly afterwards?: () => void;
  /**
   * `drop` destroys the connection, `never` keeps it silent, `half` stops in mid-frame, `cut`
   * does and closes, `garbled` sends noise, `empty` a Produce without any partition. Default: a good one.
   */
  readonly answer?: 'drop' | 'never' | 'half' | 'cut' | 'garbled' | 'empty';
  /** Told to the client. */
  readonly throttleMs?: number;
}

export interface FaultRule {
  readonly api: FakeApi;
  /** Default: any broker, topic, partition. */
  readonly broker?: number;
  readonly topic?: string;
  readonly partition?: number;
  /** The matching request it starts with, from 1; those that an older rule took do not count. Default: 1. */
  readonly nth?: number;
  /** How many requests. Default: 1. */
  readonly times?: number;
  readonly effect: FaultEffect;
}

/** What a request is about: a topic, for a Produce a partition of it. */
export interface RequestTarget {
  readonly topic: string;
  readonly partition?: number;
  /** The following only for a Produce. Records in the batch. */
  readonly count?: number;
  /** -1 without idempotence. */
  readonly producerId?: bigint;
  readonly baseSequence?: number;
}

/** A request as it arrived. */
export interface SeenRequest {
  readonly api: FakeApi;
  readonly version: number;
  readonly broker: number;
  readonly targets: readonly RequestTarget[];
}

/** A fault in place. */
export interface Fault {
  /** Resolves when the first request met it. */
  readonly met: Promise<void>;
  /** Requests that met it. */
  readonly hits: number;
  /** Lets go what it holds, now and later. */
  release(): void;
  /** No further request meets it. */
  remove(): void;
}

/** An effect on one request. */
export interface PlannedEffect extends FaultEffect {
  readonly concerns: (target: RequestTarget) => boolean;
  /** Resolves when a request without `holdMs` may go on. */
  readonly released: Promise<void>;
}

const concerns = (rule: Pick<FaultRule, 'topic' | 'partition'>, target: RequestTarget): boolean =>
  (rule.topic === undefined || rule.topic === target.topic) &&
  (rule.partition === undefined || rule.partition === target.partition);

const matches = (rule: FaultRule, request: SeenRequest): boolean =>
  rule.api === request.api &&
  (rule.broker === undefined || rule.broker === request.broker) &&
  ((rule.topic === undefined && rule.partition === undefined) || request.targets.some((one) => concerns(rule, one)));

class PlacedFault implements Fault {
  readonly rule: FaultRule;
  readonly #met = Promise.withResolvers<void>();
  readonly #released = Promise.withResolvers<void>();
  #seen = 0;
  #hits = 0;
  #isRemoved = false;

  constructor(rule: FaultRule) {
    this.rule = rule;
  }

  get met(): Promise<void> {
    return this.#met.promise;
  }

  get hits(): number {
    return this.#hits;
  }

  get released(): Promise<void> {
    return this.#released.promise;
  }

  release(): void {
    this.#released.resolve();
  }

  remove(): void {
    this.#isRemoved = true;
  }

  /** Whether this request meets it; counts. */
  meets(request: SeenRequest): boolean {
    if (this.#isRemoved || !matches(this.rule, request)) return false;
    this.#seen += 1;
    const { nth = 1, times = 1 } = this.rule;
    if (this.#seen < nth || this.#seen >= nth + times) return false;
    this.#hits += 1;
    this.#met.resolve();
    return true;
  }
}

/** A script for any request, for seeded faults: the effect, or undefined for none. Asked after the rules. */
export type FaultScript = (request: SeenRequest) => FaultEffect | undefined;

export class FaultPlan {
  readonly #faults: PlacedFault[] = [];
  #script: FaultScript | undefined;

  place(rule: FaultRule): Fault {
    const fault = new PlacedFault(rule);
    this.#faults.push(fault);
    return fault;
  }

  /** Replaces the script before. */
  follow(script: FaultScript | undefined): void {
    this.#script = script;
  }

  effectOn(request: SeenRequest): PlannedEffect | undefined {
    const fault = this.#faults.find((one) => one.meets(request));
    if (fault !== undefined)
      return { ...fault.rule.effect, concerns: (target) => concerns(fault.rule, target), released: fault.released };
    const effect = this.#script?.(request);
    return effect === undefined ? undefined : { ...effect, concerns: () => true, released: Promise.resolve() };
  }

  releaseAll(): void {
    for (const fault of this.#faults) fault.release();
  }
}
