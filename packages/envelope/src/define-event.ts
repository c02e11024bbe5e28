import type { DataOf, EventSchema } from './event-schema.ts';

/** One version of one event: where it goes, what it carries, what orders it. */
export interface EventDefinition<V extends number, S extends EventSchema> {
  /** Major version, 1..999. A new major has another wire type; within a major only optional properties are added. */
  readonly version: V;
  /** Kafka topic. */
  readonly topic: string;
  /** TypeBox or Standard Schema of the data. The writer refuses properties that a TypeBox schema does not name, the reader ignores them. */
  readonly schema: S;
  /** What orders events: those of one key keep their order. `null` says that order does not matter. Not empty, ≤ 512 bytes. */
  readonly key: ((data: DataOf<S>) => string) | null;
  /** The `subject` attribute. Default: the key. */
  readonly subject?: (data: DataOf<S>) => string;
  /** Exact wire type of a foreign event. Default: `<typePrefix.><name>.v<version>`. */
  readonly type?: string;
}

/** Any definition; its functions take `never`, since the type of the data is only known to the definition itself. */
export interface AnyEventDefinition {
  readonly version: number;
  readonly topic: string;
  readonly schema: EventSchema;
  readonly key: ((data: never) => string) | null;
  readonly subject?: (data: never) => string;
  readonly type?: string;
}

/** Definitions by event name. */
export type EventMap = Readonly<Record<string, AnyEventDefinition>>;

/** Types a definition: `key` and `subject` receive the data type of `schema`. Checked by `defineEvents`. */
export function defineEvent<const V extends number, S extends EventSchema>(
  d: EventDefinition<V, S>,
): EventDefinition<V, S> {
  return Object.freeze({ ...d });
}
