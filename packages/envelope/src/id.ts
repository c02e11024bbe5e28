/*
 * Monotonic UUIDv7 (RFC 9562 §5.7, §6.2 method 1).
 *
 *   48 bit Unix milliseconds | version 7 | 26 bit counter over rand_a and the top of rand_b | 48 random bits
 *
 * Invariant: the ids of one generator strictly increase, whatever the clock does. Within a millisecond the counter goes
 * up by one; a new millisecond draws a start of 25 bits, so that 2^25 ids fit at least; a clock that steps back keeps the
 * last millisecond; a counter that overflows borrows the next one. `crypto.randomUUIDv7` is not monotonic and absent
 * from Node 22. The text is written into one byte buffer, so the string is flat and nothing else is allocated.
 */
import { randomBytes as cryptoRandomBytes } from 'node:crypto';

const COUNTER_LIMIT = 2 ** 26;
const COUNTER_START_MASK = 2 ** 25 - 1;
const POOL_BYTES = 4_096;
const HEX_DIGITS = new TextEncoder().encode('0123456789abcdef');
const DASH = 45;

export interface IdGeneratorOptions {
  /** Unix time in milliseconds. Default: `Date.now`. */
  readonly wallClock?: () => number;
  /** As many random bytes as asked for. Default: `crypto.randomBytes`. */
  readonly randomBytes?: (count: number) => Uint8Array;
}

/** Random bytes drawn in large portions: a call of the system's generator costs more than the rest of an id. */
function createEntropyPool(randomBytes: (count: number) => Uint8Array): (count: number) => number {
  let pool = new Uint8Array(0);
  let offset = 0;
  return (count) => {
    if (offset + count > pool.length) {
      pool = new Uint8Array(randomBytes(POOL_BYTES));
      offset = 0;
    }
    let value = 0;
    for (const end = offset + count; offset < end; offset += 1) value = (value << 8) | (pool[offset] ?? 0);
    return value >>> 0;
  };
}

/** The time part of the last id. */
export interface IdClock {
  ms: number;
  counter: number;
}

/** Moves the clock to its next id: the only place that decides about order. `draw` gives 32 random bits. */
export function advanceIdClock(clock: IdClock, nowMs: number, draw: () => number): void {
  clock.counter += 1;
  if (nowMs > clock.ms) clock.ms = nowMs;
  else if (clock.counter >= COUNTER_LIMIT) clock.ms += 1;
  else return;
  clock.counter = draw() & COUNTER_START_MASK;
}

/** Makes a function that returns a new UUIDv7, in canonical lower-case text, greater than all it returned before. */
export function createIdGenerator(o: IdGeneratorOptions = {}): () => string {
  const wallClock = o.wallClock ?? Date.now;
  const entropy = createEntropyPool(o.randomBytes ?? cryptoRandomBytes);
  const draw = (): number => entropy(4);
  const clock: IdClock = { ms: 0, counter: COUNTER_LIMIT };
  const text = Buffer.alloc(36, DASH);

  const write = (at: number, digits: number, value: number): void => {
    let rest = value;
    for (let index = at + digits - 1; index >= at; index -= 1) {
      text[index] = HEX_DIGITS[rest & 15] ?? 0;
      rest >>>= 4;
    }
  };

  return () => {
    advanceIdClock(clock, Math.floor(wallClock()), draw);
    write(0, 8, Math.floor(clock.ms / 65_536));
    write(9, 4, clock.ms % 65_536);
    write(14, 4, 0x70_00 | (clock.counter >>> 14));
    write(19, 4, 0x80_00 | (clock.counter & 0x3f_ff));
    write(24, 4, entropy(2));
    write(28, 8, entropy(4));
    return text.toString('latin1');
  };
}
