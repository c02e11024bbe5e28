/**
 * The messages of other packages that become metrics and spans, as far as this package reads them. Nothing is imported:
 * names and shapes are the contract, and a message that lacks what matters is not one.
 */
import { fieldOf, listOf, numberOf, textOf } from './read-field.ts';

export interface SendMessage {
  readonly name: string;
  readonly topic: string;
  readonly partition: number | undefined;
  readonly records: readonly unknown[];
  readonly recordCount: number;
  readonly bytes: number | undefined;
  readonly attempt: number | undefined;
  readonly waitMs: number | undefined;
  readonly durationMs: number;
  readonly failed: boolean;
  readonly error: unknown;
}

/** `busbar:producer-pool:send`: one call to the broker, at its end. */
export const readSend = (message: unknown): SendMessage | undefined => {
  const name = textOf(message, 'name');
  const topic = textOf(message, 'topic');
  const durationMs = numberOf(message, 'durationMs');
  if (name === undefined || topic === undefined || durationMs === undefined) return undefined;
  return {
    name,
    topic,
    durationMs,
    partition: numberOf(message, 'partition'),
    records: listOf(message, 'records'),
    recordCount: numberOf(message, 'recordCount') ?? 0,
    bytes: numberOf(message, 'bytes'),
    attempt: numberOf(message, 'attempt'),
    waitMs: numberOf(message, 'waitMs'),
    failed: textOf(message, 'outcome') !== 'acknowledged',
    error: fieldOf(message, 'error'),
  };
};

export interface CycleMessage {
  readonly name: string;
  readonly durationMs: number;
  readonly claimed: number;
  readonly published: number;
  readonly failed: number;
  readonly parked: number;
  readonly trigger: string | undefined;
  readonly oldestAgeMs: number | undefined;
  readonly claimMs: number | undefined;
  readonly ackMs: number | undefined;
  readonly error: unknown;
}

/** `busbar:outbox:cycle`: one cycle of the relay that claimed messages. */
export const readCycle = (message: unknown): CycleMessage | undefined => {
  const name = textOf(message, 'name');
  const durationMs = numberOf(message, 'durationMs');
  if (name === undefined || durationMs === undefined) return undefined;
  return {
    name,
    durationMs,
    claimed: numberOf(message, 'claimed') ?? 0,
    published: numberOf(message, 'published') ?? 0,
    failed: numberOf(message, 'failed') ?? 0,
    parked: numberOf(message, 'parked') ?? 0,
    trigger: textOf(message, 'trigger'),
    oldestAgeMs: numberOf(message, 'oldestAgeMs'),
    claimMs: numberOf(message, 'claimMs'),
    ackMs: numberOf(message, 'ackMs'),
    error: fieldOf(message, 'error'),
  };
};

/** A header of a record, as text. */
export const headerOf = (record: unknown, name: string): string | undefined => {
  const value = fieldOf(record, 'headers', name);
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
  return typeof value === 'string' ? value : undefined;
};
