import type { DecodeCode } from './decode.ts';
import type { EventErrorCode } from './errors.ts';

/** Counters of one event name. */
export interface EventStats {
  readonly encoded: number;
  readonly decoded: number;
  readonly invalid: { readonly publish: number; readonly consume: number };
}

/** Counters of a codec since it was created; they only grow. */
export interface EnvelopeStats {
  readonly encoded: number;
  readonly encodedBytes: number;
  readonly decoded: number;
  readonly decodedBytes: number;
  readonly tombstones: { readonly in: number; readonly out: number };
  /** By error code of `encode`, and by decode code. */
  readonly invalid: {
    readonly publish: Readonly<Partial<Record<EventErrorCode, number>>>;
    readonly consume: Readonly<Partial<Record<DecodeCode, number>>>;
  };
  /** Events above `warnBytes`. */
  readonly oversize: number;
  /** Times the `context` option threw or gave an unusable value. */
  readonly contextFailures: number;
  /** Schemas compiled, two for each event in use. */
  readonly compiled: number;
  /** By registered name; from the 201st on, and for what has no registered name, `_other`. */
  readonly events: Readonly<Record<string, EventStats>>;
}

/** The name under which everything counts that has no registered name, or comes after the first 200. */
const OTHER = '_other';
const MAX_NAMES = 200;

interface NameCounters {
  encoded: number;
  decoded: number;
  invalidPublish: number;
  invalidConsume: number;
}

const zero = (): NameCounters => ({ encoded: 0, decoded: 0, invalidPublish: 0, invalidConsume: 0 });

/** Plain counters behind `stats()`. */
export class EnvelopeCounters {
  readonly #names = new Map<string, NameCounters>();
  readonly #other = zero();
  readonly #publishCodes = new Map<EventErrorCode, number>();
  readonly #consumeCodes = new Map<DecodeCode, number>();
  #encodedBytes = 0;
  #decodedBytes = 0;
  #tombstonesIn = 0;
  #tombstonesOut = 0;
  #oversize = 0;
  #contextFailures = 0;
  #encoded = 0;
  #decoded = 0;

  constructor(names: readonly string[]) {
    for (const name of names.slice(0, MAX_NAMES)) this.#names.set(name, zero());
  }

  /** The name under which an event counts. */
  countedName(name: string | undefined): string {
    return name !== undefined && this.#names.has(name) ? name : OTHER;
  }

  #countersOf(name: string | undefined): NameCounters {
    return (name === undefined ? undefined : this.#names.get(name)) ?? this.#other;
  }

  encoded(name: string, bytes: number): void {
    this.#encoded += 1;
    this.#encodedBytes += bytes;
    this.#countersOf(name).encoded += 1;
  }

  decoded(name: string, bytes: number): void {
    this.#decoded += 1;
    this.#decodedBytes += bytes;
    this.#countersOf(name).decoded += 1;
  }

  tombstone(direction: 'in' | 'out'): void {
    if (direction === 'in') this.#tombstonesIn += 1;
    else this.#tombstonesOut += 1;
  }

  oversize(): void {
    this.#oversize += 1;
  }

  contextFailure(): void {
    this.#contextFailures += 1;
  }

  refused(code: EventErrorCode, name: string | undefined): void {
    this.#publishCodes.set(code, (this.#publishCodes.get(code) ?? 0) + 1);
    this.#countersOf(name).invalidPublish += 1;
  }

  undecodable(code: DecodeCode, name: string | undefined): void {
    this.#consumeCodes.set(code, (this.#consumeCodes.get(code) ?? 0) + 1);
    this.#countersOf(name).invalidConsume += 1;
  }

  /** A copy of all counters. */
  snapshot(compiled: number): EnvelopeStats {
    return {
      encoded: this.#encoded,
      encodedBytes: this.#encodedBytes,
      decoded: this.#decoded,
      decodedBytes: this.#decodedBytes,
      tombstones: { in: this.#tombstonesIn, out: this.#tombstonesOut },
      invalid: { publish: Object.fromEntries(this.#publishCodes), consume: Object.fromEntries(this.#consumeCodes) },
      oversize: this.#oversize,
      contextFailures: this.#contextFailures,
      compiled,
      events: Object.fromEntries(
        [...this.#names, [OTHER, this.#other] as const].map(([name, c]) => [name, eventStats(c)]),
      ),
    };
  }
}

function eventStats(c: NameCounters): EventStats {
  return { encoded: c.encoded, decoded: c.decoded, invalid: { publish: c.invalidPublish, consume: c.invalidConsume } };
}
