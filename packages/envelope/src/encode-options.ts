import type { ExtensionValue } from './extensions.ts';
import type { EventMode } from './options.ts';
import type { TraceCarrier } from './trace-context.ts';

/** What the caller decides about one event. */
export interface EncodeOptions {
  /** 1..128 printable characters. Default: a new UUIDv7. Give the same id again for an idempotent publish. */
  readonly id?: string;
  /** Replaces what the key function of the definition gives. 1..512 bytes. */
  readonly key?: string;
  /** Default: what the definition gives, else the key. */
  readonly subject?: string;
  /** Default: now. */
  readonly time?: Date;
  /** Default: that of {@link runWithEvent}, else that of the codec's `context`. */
  readonly correlationid?: string;
  /** Default: that of {@link runWithEvent}, else that of the codec's `context`. */
  readonly causationid?: string;
  /** Default: that of the codec's `context`. An invalid traceparent is dropped. */
  readonly trace?: TraceCarrier;
  /** Default: the codec's. */
  readonly mode?: EventMode;
  /** Values of declared extensions. */
  readonly extensions?: Readonly<Record<string, ExtensionValue>>;
  /** When the event stops being of use; consumers may skip it afterwards. */
  readonly expirytime?: Date;
  /** URI of the data, where it is stored elsewhere. */
  readonly dataref?: string;
}

/** Options of a tombstone; its key is an argument, and it exists in binary mode only. */
export type TombstoneOptions = Omit<EncodeOptions, 'key' | 'mode'>;
