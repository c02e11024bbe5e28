import type { Duplex } from 'node:stream';

/** What has gone over a socket so far. */
export interface WireBytes {
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

export const bytesSince = (before: WireBytes, now: WireBytes): WireBytes => ({
  bytesRead: now.bytesRead - before.bytesRead,
  bytesWritten: now.bytesWritten - before.bytesWritten,
});

/**
 * The part of `pg` that this package relies on beyond its documented API, in one place: what a change of the driver can break.
 * `pg-cursor` and `pg-query-stream` rest on the same members.
 */
export interface WireConnection {
  readonly stream: Duplex & WireBytes;
  parse(statement: { readonly name: string; readonly text: string; readonly types: readonly number[] }): void;
  /** Closes a prepared statement, or a portal. Answered in order; what is not there is no error. */
  close(target: { readonly type: 'S' | 'P'; readonly name: string }): void;
  bind(portal: { readonly statement: string; readonly values: WireValue[] }): void;
  describe(target: { readonly type: 'P'; readonly name: string }): void;
  /** `rows` 0 = all of them. */
  execute(portal: { readonly portal: string; readonly rows: number }): void;
  /** Asks the server for what it has to say so far. */
  flush(): void;
  sync(): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(reason: string): void;
}

/** What a connection tells while somebody logs in. */
export interface LoginEvents {
  readonly stream: { destroy(): unknown };
  emit(event: 'error', error: Error): unknown;
  on(event: 'authenticationSASL', listener: (message: { readonly mechanisms: readonly string[] }) => void): unknown;
  on(
    event: 'authenticationCleartextPassword' | 'authenticationMD5Password' | 'authenticationOk',
    listener: () => void,
  ): unknown;
}

/** A parameter as it goes over the wire: text, bytes, or NULL. */
export type WireValue = string | Buffer | null;

export interface WireField {
  readonly name: string;
  readonly dataTypeID: number;
  readonly format: string;
}

/** What `pg.Client` asks of an object passed to its `query`. The client calls `submit` when the connection is free. */
export interface Submittable {
  submit(): void;
  handleRowDescription(message: { readonly fields: readonly WireField[] }): void;
  handleDataRow(message: { readonly fields: readonly (string | null)[] }): void;
  handleCommandComplete(message: { readonly text: string }): void;
  handleEmptyQuery(): void;
  handlePortalSuspended(): void;
  handleReadyForQuery(): void;
  handleError(error: unknown): void;
  handleCopyInResponse(): void;
  /** The bytes are good for the time of the call only: the parser writes over them. */
  handleCopyData(message: { readonly chunk: Uint8Array }): void;
}

/** ReadyForQuery's status: idle, in a transaction, in a failed transaction. */
export type TransactionStatus = 'I' | 'T' | 'E';
