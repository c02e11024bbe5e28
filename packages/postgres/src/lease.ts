import type { Queries } from './queries.ts';

/** One physical connection, held until `release()`. Statements run one after the other, in the order of the calls. */
export interface Lease extends Queries, AsyncDisposable {
  /** The physical connection: equal ids mean the same session. */
  readonly id: string;
  readonly host: string;
  /** The server process of the session. */
  readonly pid: number;
  /**
   * Gives the connection back; `destroy` ends it instead. A transaction left open is rolled back before anybody else gets the connection.
   * @throws {@link LeaseReleasedError} the second time
   * @throws {@link LeaseBusyError} while a statement runs: the connection is destroyed
   */
  release(o?: { readonly destroy?: boolean }): void;
}
