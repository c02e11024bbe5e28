/**
 * Hands portions from a producer who must not be waited for to one consumer who takes them one by one.
 *
 * Invariants: portions come out in order; behind the last one the end, clean or with the error that it was closed with. It holds what was put and
 * not taken, so a producer puts the next one only when he is asked for more.
 */
export class Handoff<T> {
  readonly #items: T[] = [];
  #end: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  put(item: T): void {
    this.#items.push(item);
    this.#wake?.();
  }

  /** Behind what was put; later calls change nothing. */
  close(error?: unknown): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  get isClosed(): boolean {
    return this.#end !== undefined;
  }

  /** The next one; nothing behind the last one. Rejects with the error that it was closed with. One call at a time. */
  async take(): Promise<T | undefined> {
    if (this.#items.length === 0 && this.#end === undefined)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    if (this.#items.length > 0) return this.#items.shift();
    // oxlint-disable-next-line typescript/only-throw-error -- as the producer threw it
    if (this.#end?.error !== undefined) throw this.#end.error;
    return undefined;
  }
}

/** What a producer hands over at once. */
export interface Portion<T> {
  /** Each item of it. Called once. */
  take(): Iterable<T>;
  /** All were taken. */
  more(): void;
  /** Nothing more is wanted. */
  giveUp(): void;
}

/** What `produce` puts, item by item. It begins with the first item that is asked for, and has ended when the iteration has, whichever way. */
export async function* handedOver<T>(
  produce: (portions: Handoff<Portion<T>>) => Promise<void>,
): AsyncGenerator<T, void, void> {
  const portions = new Handoff<Portion<T>>();
  const producing = produce(portions).then(
    () => portions.close(),
    (error: unknown) => portions.close(error),
  );
  let portion = await portions.take();
  try {
    while (portion !== undefined) {
      yield* portion.take();
      portion.more();
      // oxlint-disable-next-line no-await-in-loop -- the next one on demand
      portion = await portions.take();
    }
  } finally {
    if (!portions.isClosed) portion?.giveUp();
    await producing;
  }
}
