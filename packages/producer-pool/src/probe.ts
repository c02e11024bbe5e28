/**
 * Asks the cluster for its brokers when there has been no traffic for a while, so that a pool at rest does not look healthy for ever (PO-6).
 *
 * One question at a time, with a timeout of its own; the guard is not told of it.
 */
import type { ResolvedProducerPoolOptions } from './options.ts';
import { unlessAborted, within } from './within.ts';

export interface ProbeHost {
  readonly options: ResolvedProducerPoolOptions;
  requestTick(atMs: number): void;
  /** When there was traffic last; Infinity while there is, or while nothing is connected. */
  quietSinceMs(): number;
  onProbed(answered: boolean): void;
}

export class Probe {
  readonly #host: ProbeHost;
  #asking: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(host: ProbeHost) {
    this.#host = host;
  }

  dueAtMs(): number {
    const { idleMs } = this.#host.options.probe;
    if (idleMs === 0 || this.#asking !== undefined) return Number.POSITIVE_INFINITY;
    return Math.max(this.#lastMs, this.#host.quietSinceMs()) + idleMs;
  }

  tick(nowMs: number): void {
    if (nowMs < this.dueAtMs()) return;
    const abort = new AbortController();
    this.#asking = { abort, done: this.#ask(abort) };
  }

  async close(): Promise<void> {
    this.#asking?.abort.abort();
    await this.#asking?.done;
  }

  async #ask(abort: AbortController): Promise<void> {
    const { driver, probe, timers, clock, runInContext, connectTimeoutMs, requestTimeoutMs } = this.#host.options;
    const o = { signal: abort.signal, connectTimeoutMs, requestTimeoutMs };
    const question = unlessAborted(abort.signal, () => runInContext(() => driver.metadata([], o)));
    const how = await within(question, probe.timeoutMs, timers);
    const wasClosed = abort.signal.aborted;
    abort.abort();
    this.#asking = undefined;
    this.#lastMs = clock.now();
    if (wasClosed) return;
    this.#host.onProbed(how === 'resolved');
    this.#host.requestTick(this.dueAtMs());
  }
}
