import { performance } from 'node:perf_hooks';

import { createDecoder, type Decoded, type DecodeResult, type KafkaRecordLike } from './decode.ts';
import type { AnyEvent, DecodedEvent } from './decoded-event.ts';
import type { EventMap } from './define-event.ts';
import {
  CHANNELS,
  type CodecCreated,
  type EventDecoded,
  type EventEncoded,
  type EventInvalid,
  type EventOversize,
} from './diagnostics.ts';
import type { EncodeOptions, TombstoneOptions } from './encode-options.ts';
import { type EncodedEvent, Encoder } from './encode.ts';
import {
  AsyncSchemaError,
  AttributeInvalidError,
  DataInvalidError,
  EnvelopeError,
  UnknownEventError,
} from './errors.ts';
import { createEventCatalog, type EventCatalog, type WireEvent } from './event-catalog.ts';
import type { DataOf } from './event-schema.ts';
import type { Issue } from './issue.ts';
import { type CodecOptions, resolveCodecOptions, type ResolvedCodecOptions } from './options.ts';
import type { EventRegistry } from './registry.ts';
import { EnvelopeCounters, type EnvelopeStats } from './stats.ts';

/** Turns events of a registry into Kafka records and back. */
export interface EventCodec<R extends EventMap> {
  /**
   * Validates data and makes one record of it. Nothing is sent.
   * @throws {@link EnvelopeError} when the event must not be published; nothing has an effect then.
   */
  encode<N extends keyof R & string>(name: N, data: DataOf<R[N]['schema']>, o?: EncodeOptions): EncodedEvent;
  /**
   * Makes the record that lets a compacted topic forget a key. Always in binary mode.
   * @throws {@link EnvelopeError} as {@link EventCodec.encode}.
   */
  encodeTombstone(name: keyof R & string, key: string, o?: TombstoneOptions): EncodedEvent;
  /** Reads a consumed record, in either mode. Never throws. */
  decode(record: KafkaRecordLike): DecodeResult<AnyEvent<R>>;
  /**
   * What `encode` would refuse in the data; empty when it is valid.
   * @throws {@link UnknownEventError} for a name that is not registered, {@link AsyncSchemaError} for an asynchronous schema.
   */
  validate(name: keyof R & string, data: unknown): readonly Issue[];
  /** Counters since creation. */
  stats(): EnvelopeStats;
}

/**
 * Makes a codec. It holds no resources and needs no closing.
 * @throws {@link EventOptionsError} with every problem of the options.
 */
export function createEventCodec<R extends EventMap>(registry: EventRegistry<R>, options: CodecOptions): EventCodec<R>;
// The events that a codec decodes are typed by their definitions; what it builds them from is not. This is the one place
// where the two meet: `DecodedEvent` has the name, version and checked data of the definition that its wire type selected.
export function createEventCodec(registry: EventRegistry<EventMap>, options: CodecOptions): Codec {
  const codec = new Codec(registry, resolveCodecOptions(options));
  const created: CodecCreated = { name: options.source, instance: codec };
  if (CHANNELS.created.hasSubscribers) CHANNELS.created.publish(created);
  return codec;
}

const isEnvelopeError = (error: unknown): error is EnvelopeError => error instanceof EnvelopeError;

class Codec {
  readonly #catalog: EventCatalog;
  readonly #options: ResolvedCodecOptions;
  readonly #encoder: Encoder;
  readonly #decode: (record: KafkaRecordLike) => Decoded;
  readonly #counters: EnvelopeCounters;

  constructor(registry: EventRegistry<EventMap>, options: ResolvedCodecOptions) {
    this.#options = options;
    this.#catalog = createEventCatalog(registry, options.typePrefix);
    this.#counters = new EnvelopeCounters(this.#catalog.events.map((event) => event.name));
    this.#encoder = new Encoder(options, () => this.#counters.contextFailure());
    this.#decode = createDecoder(this.#catalog, options.maxDecodeBytes);
  }

  encode(name: string, data: unknown, o: EncodeOptions = {}): EncodedEvent {
    return this.#publishing(name, (event) => this.#encoder.event(event, data, o));
  }

  encodeTombstone(name: string, key: string, o: TombstoneOptions = {}): EncodedEvent {
    const encoded = this.#publishing(name, (event) => this.#encoder.tombstone(event, key, o));
    this.#counters.tombstone('out');
    return encoded;
  }

  decode(record: KafkaRecordLike): DecodeResult<DecodedEvent> {
    const startMs = CHANNELS.decode.hasSubscribers ? performance.now() : 0;
    const { result, name } = this.#decode(record);
    if (!result.ok) this.#undecodable(result, name);
    else if (result.kind === 'tombstone') this.#counters.tombstone('in');
    else this.#decoded(result.event, startMs);
    return result;
  }

  validate(name: string, data: unknown): readonly Issue[] {
    const result = this.#known(name).checks.write(data);
    if (result.ok) return [];
    if (result.isAsync) throw new AsyncSchemaError({ event: name });
    return result.issues;
  }

  stats(): EnvelopeStats {
    return this.#counters.snapshot(this.#catalog.events.reduce((sum, event) => sum + event.checks.compiledCount(), 0));
  }

  #known(name: string): WireEvent {
    const event = this.#catalog.byName(name);
    if (event !== undefined) return event;
    throw new UnknownEventError({ event: name, known: this.#catalog.events.slice(0, 50).map((known) => known.name) });
  }

  #publishing(name: string, make: (event: WireEvent) => EncodedEvent): EncodedEvent {
    const startMs = CHANNELS.encode.hasSubscribers ? performance.now() : 0;
    try {
      const encoded = make(this.#known(name));
      this.#encoded(encoded, startMs);
      return encoded;
    } catch (error) {
      if (isEnvelopeError(error)) this.#refused(error, name);
      throw error;
    }
  }

  #encoded({ name, type, bytes }: EncodedEvent, startMs: number): void {
    this.#counters.encoded(name, bytes);
    const counted = this.#counters.countedName(name);
    if (CHANNELS.encode.hasSubscribers) {
      const message: EventEncoded = { type, name: counted, bytes, durationMs: performance.now() - startMs };
      CHANNELS.encode.publish(message);
    }
    const { warnBytes } = this.#options;
    if (bytes <= warnBytes) return;
    this.#counters.oversize();
    const message: EventOversize = { name: counted, bytes, warnBytes };
    if (CHANNELS.oversize.hasSubscribers) CHANNELS.oversize.publish(message);
  }

  #refused(error: EnvelopeError, name: string): void {
    this.#counters.refused(error.code, name);
    if (!CHANNELS.invalid.hasSubscribers) return;
    const issues =
      error instanceof DataInvalidError || error instanceof AttributeInvalidError ? error.details.issues : [];
    this.#invalid({ stage: 'publish', code: error.code, issues }, name);
  }

  #decoded({ name, type, bytes, writtenVersion }: DecodedEvent, startMs: number): void {
    this.#counters.decoded(name, bytes);
    if (!CHANNELS.decode.hasSubscribers) return;
    const durationMs = performance.now() - startMs;
    const message: EventDecoded = { type, name: this.#counters.countedName(name), bytes, durationMs, writtenVersion };
    CHANNELS.decode.publish(message);
  }

  #undecodable({ code, issues }: Extract<DecodeResult<never>, { ok: false }>, name: string | undefined): void {
    this.#counters.undecodable(code, name);
    if (CHANNELS.invalid.hasSubscribers) this.#invalid({ stage: 'consume', code, issues }, name);
  }

  #invalid(what: Pick<EventInvalid, 'stage' | 'code' | 'issues'>, name: string | undefined): void {
    const type = name === undefined ? undefined : this.#catalog.byName(name)?.type;
    const message: EventInvalid = {
      ...what,
      name: this.#counters.countedName(name),
      ...(type === undefined ? {} : { type }),
    };
    CHANNELS.invalid.publish(message);
  }
}
