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

/** What the end of a pool is counted with. */
export class CloseTally {
  waitersRejected = 0;
  leasesFinished = 0;
  canceled = 0;
  #destroyed = 0;
  #leaked: readonly HolderReport[] = [];

  /** A leased connection is cut off; the first time, `holders` are all that are held. */
  cutOff(holders: () => readonly HolderReport[]): void {
    if (this.#destroyed === 0) this.#leaked = holders();
    this.#destroyed += 1;
  }

  report(): Omit<CloseReport, 'durationMs' | 'unknownOutcomes'> {
    const { waitersRejected, leasesFinished, canceled } = this;
    return { waitersRejected, leasesFinished, canceled, destroyed: this.#destroyed, leaked: this.#leaked };
  }
}
