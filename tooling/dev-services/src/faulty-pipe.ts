/**
 * One direction of a proxied connection: a queue between two sockets that can be frozen, delayed, throttled or emptied into nothing.
 *
 * Invariants: bytes leave in the order they came; a FIN leaves after the last byte before it; a frozen or throttled pipe stops reading
 * once a queue's worth is held, so the sender feels back-pressure as it would from a full socket buffer.
 */
import type { Socket } from 'node:net';

export interface PipeFaults {
  readonly frozen: boolean;
  readonly dropping: boolean;
  readonly delayMs: number;
  readonly bytesPerSecond: number;
}

interface Held {
  readonly chunk: Buffer;
  /** Not before this time, by `performance.now()`. */
  readonly dueAtMs: number;
}

const HIGH_WATER_BYTES = 262_144;
const THROTTLE_TICK_MS = 20;

export class FaultyPipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #held: Held[] = [];
  #heldBytes = 0;
  /** When the throttle lets the next bytes through. */
  #readyAtMs = 0;
  #faults: PipeFaults;
  #ended = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, faults: PipeFaults) {
    this.#from = from;
    this.#to = to;
    this.#faults = faults;
    from.on('data', (chunk: Buffer) => {
      this.#take(chunk);
    });
    from.on('end', () => {
      this.#ended = true;
      this.#flush();
    });
    to.on('drain', () => {
      this.#flush();
    });
  }

  set(faults: PipeFaults): void {
    this.#faults = faults;
    this.#flush();
  }

  /** Forgets what is held; for a connection that was cut. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#held.length = 0;
    this.#heldBytes = 0;
  }

  #take(chunk: Buffer): void {
    if (this.#faults.dropping) return;
    this.#held.push({ chunk, dueAtMs: performance.now() + this.#faults.delayMs });
    this.#heldBytes += chunk.length;
    if (this.#heldBytes > HIGH_WATER_BYTES) this.#from.pause();
    this.#flush();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    if (this.#faults.frozen || this.#to.destroyed) return;
    if (this.#to.writableEnded) return this.stop(); // half-closed: nobody is there to read it
    for (let next = this.#held[0]; next !== undefined; [next] = this.#held) {
      const waitMs = Math.max(next.dueAtMs, this.#readyAtMs) - performance.now();
      if (waitMs > 0) return this.#later(waitMs);
      if (this.#to.writableNeedDrain) return;
      this.#send(next);
    }
    this.#from.resume();
    if (this.#ended) this.#to.end();
  }

  /** Writes the head of the queue, or as much of it as one tick of the throttle lets through. */
  #send({ chunk, dueAtMs }: Held): void {
    const { bytesPerSecond } = this.#faults;
    const part = chunk.subarray(0, Math.max(1, (bytesPerSecond * THROTTLE_TICK_MS) / 1_000));
    if (part.length === chunk.length) this.#held.shift();
    else this.#held[0] = { chunk: chunk.subarray(part.length), dueAtMs };
    this.#heldBytes -= part.length;
    this.#readyAtMs = performance.now() + (part.length / bytesPerSecond) * 1_000;
    this.#to.write(part);
  }

  #later(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#flush();
    }, delayMs);
    this.#timer.unref();
  }
}
