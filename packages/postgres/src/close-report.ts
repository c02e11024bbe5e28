import type { HolderReport } from './holders.ts';

/** How the end of a pool went. */
export interface CloseReport {
  readonly durationMs: number;
  /** Callers that were waiting for a connection. */
  readonly waitersRejected: number;
  /** Leases that came back in time. */
  readonly leasesFinished: number;
  /** Statements that were cancelled shortly before the deadline. */
  readonly canceled: number;
  /** Leased connections that were cut off at the deadline. */
  readonly destroyed: number;
  /** Transactions that ended without a verdict on their COMMIT. */
  readonly unknownOutcomes: number;
  /** Who still held a lease at the deadline. */
  readonly leaked: readonly HolderReport[];
}
