import { systemTimers, type Clock, type Timers } from '@busbar/retry';

/**
 * Time that passes as usual until `hurry(factor)` is called, and `factor` times as fast from then on, for what is armed already as well: a busy
 * machine has seconds for what must happen before a limit, and the limit itself does not take them.
 */
export const hurriedTime = (): {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly hurry: (factor: number) => void;
} => {
  let [factor, realMs, virtualMs] = [1, performance.now(), 0];
  const now = (): number => virtualMs + (performance.now() - realMs) * factor;
  const armed = new Map<object, { readonly callback: () => void; readonly atMs: number; handle?: unknown }>();
  const arm = (key: object): void => {
    const timer = armed.get(key);
    if (timer === undefined) return;
    systemTimers.clear(timer.handle);
    timer.handle = systemTimers.set(
      () => {
        armed.delete(key);
        timer.callback();
      },
      Math.max(1, Math.ceil((timer.atMs - now()) / factor)),
    );
  };
  const set = (callback: () => void, delayMs: number): object => {
    const key = {};
    armed.set(key, { callback, atMs: now() + delayMs });
    arm(key);
    return key;
  };
  const clear = (key: unknown): void => {
    if (typeof key !== 'object' || key === null) return;
    systemTimers.clear(armed.get(key)?.handle);
    armed.delete(key);
  };
  const hurry = (to: number): void => {
    [virtualMs, realMs, factor] = [now(), performance.now(), to];
    for (const key of armed.keys()) arm(key);
  };
  return { clock: { now }, timers: { set, clear }, hurry };
};
