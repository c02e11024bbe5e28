/**
 * A query object of the driver's kind (`pg.Query`, `pg-cursor`, `pg-copy-streams`) as one group of a connection: it writes what it likes and reads the
 * answers itself, while the deadline, the cancel and the end of the connection stay ours.
 *
 * A `pg.Query` hears of an error when the server is ready again, not before: its caller gives the connection back at once, and it would still be busy
 * (H4). Other objects hear of it at once, since it is they who have to write the Sync.
 */
import { Query } from 'pg';

import { SyncGroup, type NamedGroup } from './pipeline.ts';
import type { WireConnection, WireField } from './pool-port.ts';

export interface DriverQuery {
  readonly text?: unknown;
  readonly name?: unknown;
  /** May return why it cannot be sent. */
  submit(wire: WireConnection): unknown;
  handleRowDescription?(message: unknown, wire: WireConnection): void;
  handleDataRow?(message: unknown, wire: WireConnection): void;
  handleCommandComplete?(message: unknown, wire: WireConnection): void;
  handleEmptyQuery?(wire: WireConnection): void;
  handlePortalSuspended?(wire: WireConnection): void;
  handleReadyForQuery?(wire: WireConnection): void;
  handleError?(error: unknown, wire?: WireConnection): void;
  handleCopyInResponse?(wire: WireConnection): void;
  handleCopyData?(message: unknown, wire: WireConnection): void;
}

export const isDriverQuery = (given: unknown): given is DriverQuery =>
  typeof given === 'object' && given !== null && typeof Reflect.get(given, 'submit') === 'function';

/** What its caller has been told of a query so far. */
export class Told {
  #isOver = false;

  /** True the first time. */
  end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    return true;
  }
}

export class DriverGroup extends SyncGroup {
  /** The driver takes note of what it has prepared by these two. */
  readonly name: unknown;
  readonly text: unknown;
  readonly #query: DriverQuery;
  readonly #told: Told;

  constructor(wire: WireConnection, group: NamedGroup, o: { readonly query: DriverQuery; readonly told: Told }) {
    super(wire, group);
    this.#query = o.query;
    this.#told = o.told;
    this.name = o.query.name;
    this.text = o.query.text;
  }

  override submit(): void {
    this.written = this.wire.stream.writable;
    const refusal = this.#query.submit(this.wire);
    if (!(refusal instanceof Error)) return;
    this.handleError(refusal);
    this.wire.sync(); // nothing was sent: the answer to this one ends the group
  }

  override handleRowDescription(message: { readonly fields: readonly WireField[] }): void {
    this.#query.handleRowDescription?.(message, this.wire);
  }

  override handleDataRow(message: { readonly fields: readonly (string | null)[] }): void {
    this.#query.handleDataRow?.(message, this.wire);
  }

  override handleCommandComplete(message: { readonly text: string }): void {
    this.#query.handleCommandComplete?.(message, this.wire);
  }

  override handleEmptyQuery(): void {
    this.#query.handleEmptyQuery?.(this.wire);
  }

  override handlePortalSuspended(): void {
    this.#query.handlePortalSuspended?.(this.wire);
  }

  override handleReadyForQuery(): void {
    if (this.error === undefined && this.#told.end()) this.#query.handleReadyForQuery?.(this.wire);
  }

  override handleError(error: unknown): void {
    super.handleError(error);
    if (!(this.#query instanceof Query) && this.#told.end()) this.#query.handleError?.(error, this.wire);
  }

  override handleCopyInResponse(): void {
    this.#query.handleCopyInResponse?.(this.wire);
  }

  override handleCopyData(message: { readonly chunk: Uint8Array }): void {
    this.#query.handleCopyData?.(message, this.wire);
  }
}
