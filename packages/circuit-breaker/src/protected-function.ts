/** The protected function may be anything: synchronous or not, with a promise of any make, throwing anywhere (CB15). */

/** A function that may get a signal. The parameter is compared both ways, as that of a method is: see {@link Breaker.execute}. */
export type AnyCall<T> = { call(signal: AbortSignal | undefined): T | PromiseLike<T> }['call'];

// oxlint-disable-next-line typescript/unbound-method -- compared, never called
const nativeThen = Promise.prototype.then;

/**
 * A promise whose handlers run once at most. A thenable may call back twice, a subclass may do what it likes, and reading
 * `then` may throw: all of these are resolved by the platform first.
 */
export const isExactPromise = <T>(value: T | PromiseLike<T>): value is Promise<T> =>
  value instanceof Promise && value.constructor === Promise && value.then === nativeThen;

/** Whether a value can have no `then`. */
export const isPrimitive = (value: unknown): boolean =>
  (typeof value !== 'object' && typeof value !== 'function') || value === null;

/** `Promise.resolve`, typed for a value that is known to be no thenable. */
export function resolved<T>(value: T | PromiseLike<T>): Promise<T>;
export function resolved(value: unknown): Promise<unknown> {
  return Promise.resolve(value);
}

/** What a function returns, as something that can be awaited; the type system cannot see that the two are the same. */
export function awaitable<R>(value: R): Awaited<R> | PromiseLike<Awaited<R>>;
export function awaitable(value: unknown): unknown {
  return value;
}

/** `Promise.reject` for what was thrown, whatever it is. */
export const rejected = (error: unknown): Promise<never> =>
  new Promise(() => {
    throw error;
  });

const SETTLED = /* @__PURE__ */ Promise.resolve();

/**
 * A promise that rejects one microtask later, when its caller has had the time to await it. One that is rejected before is
 * entered in the list of unhandled rejections first, which costs more than the refusal itself.
 */
export const refused = (error: Error): Promise<never> =>
  // oxlint-disable-next-line promise/no-promise-in-callback -- `error` is what is told, not the sign of a callback
  SETTLED.then(() => {
    throw error;
  });

/** A promise of the platform that follows `value`, and settles once whatever the other does. */
export const adopted = <T>(value: T | PromiseLike<T>): Promise<T> =>
  new Promise((resolve) => {
    resolve(value);
  });

/** Calls `fn` at once; what it throws becomes a rejection. */
export const started = <T>(fn: () => T | PromiseLike<T>): Promise<T> =>
  new Promise((resolve) => {
    resolve(fn());
  });
