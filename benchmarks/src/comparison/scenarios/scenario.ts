/** A deterministic reproduction of a fault: what is done, what a sound breaker shows, and what is seen. */
import { inVirtualTime, type VirtualTime } from '../virtual-time.ts';

/** Does it, and says what was seen. */
export type Observe = () => Promise<string>;

/** A scenario in the terms of one peer, and the same in ours. */
export interface Scenario {
  readonly id: string;
  readonly title: string;
  /** What a sound breaker shows. */
  readonly right: string;
  readonly peer: Observe;
  readonly ours: Observe;
}

export const virtually =
  (observe: (time: VirtualTime) => Promise<string>): Observe =>
  () =>
    inVirtualTime(observe);

/** How a promise ended, in words. */
export const ending = async (promise: Promise<unknown>): Promise<string> => {
  try {
    return `resolves with ${String(await promise)}`;
  } catch (error) {
    return `rejects with ${error instanceof Error ? error.name : String(error)}`;
  }
};

export const succeeds = (): Promise<string> => Promise.resolve('fine');
export const fails = (): Promise<string> => Promise.reject(new Error('down'));
export const hangs = (): Promise<string> => new Promise(() => {});

/** Awaits calls that may fail, one after the other. */
export const repeat = async (times: number, call: () => Promise<unknown>): Promise<void> => {
  for (let done = 0; done < times; done += 1) await call().catch(() => undefined);
};

/** What a broken listener throws. */
class ListenerBroken extends Error {
  override readonly name = 'ListenerBroken';
}

export const brokenListener = (): never => {
  throw new ListenerBroken('a listener is broken');
};

export const HOUR_MS = 3_600_000;
