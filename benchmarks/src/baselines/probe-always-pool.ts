/**
 * The naive way never to hand out a dead connection (R-PG-3): ask the server at every checkout, and take the next connection where
 * it does not answer.
 */

/** What of a connection is used; `release(true)` ends it. */
export interface ProbedClient {
  query(text: string): Promise<unknown>;
  release(destroy?: boolean): void;
}

export class ProbeAlwaysPool<C extends ProbedClient> {
  readonly #pool: { connect(): Promise<C> };
  readonly #attempts: number;
  /** Probes that the server answered. */
  validations = 0;

  /** `attempts`: connections that are tried before the failure of the last one is the caller's. */
  constructor(pool: { connect(): Promise<C> }, attempts: number) {
    this.#pool = pool;
    this.#attempts = attempts;
  }

  /** A connection that has just answered. */
  async connect(): Promise<C> {
    for (let attempt = 1; ; attempt += 1) {
      const client = await this.#pool.connect();
      try {
        await client.query('select 1');
        this.validations += 1;
        return client;
      } catch (error) {
        client.release(true);
        if (attempt >= this.#attempts) throw error;
      }
    }
  }
}
