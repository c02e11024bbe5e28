/** Isolation by hand, counted: it lasts until the last of those who asked for it has released it. */

export interface ReleaseOptions {
  /** Begin with probes instead of trusting the dependency at once. Counts only in the release that ends the isolation. */
  readonly resume?: 'half-open';
}

/** One reason to refuse all calls. Releasing it twice does nothing. */
export interface IsolationHandle extends Disposable {
  readonly reason: string;
  release(options?: ReleaseOptions): void;
}

export class Isolation {
  readonly #held = new Set<IsolationHandle>();
  readonly #onEnd: (options: ReleaseOptions) => void;

  constructor(onEnd: (options: ReleaseOptions) => void) {
    this.#onEnd = onEnd;
  }

  /** The latest reason that still holds. */
  get reason(): string | undefined {
    let latest: string | undefined;
    for (const handle of this.#held) latest = handle.reason;
    return latest;
  }

  hold(reason: string): IsolationHandle {
    const handle: IsolationHandle = {
      reason,
      release: (options = {}) => {
        if (this.#held.delete(handle) && this.#held.size === 0) this.#onEnd(options);
      },
      [Symbol.dispose]: () => {
        handle.release();
      },
    };
    this.#held.add(handle);
    return handle;
  }
}
