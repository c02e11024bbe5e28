import { CORE_NAMES, SPECVERSION } from './attributes.ts';
import type { EventAttributes } from './attributes.ts';
import type { AnyEventDefinition, EventMap } from './define-event.ts';
import type { DataOf } from './event-schema.ts';
import type { ReceivedAttributes } from './received-headers.ts';

type OptionalAttributes = Omit<EventAttributes, 'id' | 'source' | 'type'>;

/** A received event: its name decides the type of its data. Frozen; optional attributes are read on first use. */
export interface BusEvent<N extends string, V extends number, D>
  extends
    Readonly<Pick<EventAttributes, 'id' | 'source' | 'type'>>,
    Readonly<{ [A in keyof OptionalAttributes]: OptionalAttributes[A] | undefined }> {
  readonly name: N;
  readonly version: V;
  /** `time` in epoch milliseconds. */
  readonly timeMs?: number | undefined;
  readonly data: D;
  /** Attributes that have no field of their own, as text. */
  readonly extensions: Readonly<Record<string, string>>;
  /** Bytes of value, key and headers. */
  readonly bytes: number;
  /** The major version that was written. */
  readonly writtenVersion: number;
  /** The event as a CloudEvents JSON document. */
  toJSON(): object;
}

/** The event of one name. */
export type EventOf<R extends EventMap, N extends keyof R & string> = BusEvent<
  N,
  R[N]['version'],
  DataOf<R[N]['schema']>
>;

/** Any event of a registry, discriminated by `name`. */
export type AnyEvent<R extends EventMap> = { [N in keyof R & string]: EventOf<R, N> }[keyof R & string];

/** What decoding found out about an event before its optional attributes are asked for. */
export interface Received {
  readonly name: string;
  readonly definition: AnyEventDefinition;
  readonly attributes: ReceivedAttributes;
  readonly data: unknown;
  readonly bytes: number;
}

/** The one implementation of {@link BusEvent}; it keeps the header bytes of its record, not the record. */
export class DecodedEvent implements BusEvent<string, number, unknown> {
  readonly name: string;
  readonly version: number;
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly data: unknown;
  readonly bytes: number;
  readonly writtenVersion: number;
  readonly #attributes: ReceivedAttributes;

  constructor({ name, definition, attributes, data, bytes }: Received) {
    this.name = name;
    this.version = definition.version;
    this.id = attributes.get('id') ?? '';
    this.source = attributes.get('source') ?? '';
    this.type = attributes.get('type') ?? '';
    this.data = data;
    this.bytes = bytes;
    this.writtenVersion = definition.version;
    this.#attributes = attributes;
    Object.freeze(this);
  }

  get time(): string | undefined {
    return this.#attributes.get('time');
  }
  get timeMs(): number | undefined {
    const ms = Date.parse(this.time ?? '');
    return Number.isNaN(ms) ? undefined : ms; // a leap second is a valid time that no Date can hold
  }
  get subject(): string | undefined {
    return this.#attributes.get('subject');
  }
  get dataschema(): string | undefined {
    return this.#attributes.get('dataschema');
  }
  get datacontenttype(): string | undefined {
    return this.#attributes.get('datacontenttype');
  }
  get partitionkey(): string | undefined {
    return this.#attributes.get('partitionkey');
  }
  get correlationid(): string | undefined {
    return this.#attributes.get('correlationid');
  }
  get causationid(): string | undefined {
    return this.#attributes.get('causationid');
  }
  get traceparent(): string | undefined {
    return this.#attributes.get('traceparent');
  }
  get tracestate(): string | undefined {
    return this.#attributes.get('tracestate');
  }

  get extensions(): Readonly<Record<string, string>> {
    const names = this.#attributes.names().filter((name) => !CORE_NAMES.has(name));
    return Object.freeze(Object.fromEntries(names.map((name) => [name, this.#attributes.get(name) ?? ''])));
  }

  toJSON(): object {
    const names = new Set([...this.#attributes.names(), 'datacontenttype', 'traceparent', 'tracestate']);
    const attributes = [...names].map((name) => [name, this.#attributes.get(name)] as const);
    const present = attributes.filter(([, value]) => value !== undefined);
    return { specversion: SPECVERSION, ...Object.fromEntries(present), data: this.data };
  }
}
