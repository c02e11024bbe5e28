import type { Housekeeper } from './housekeeper.ts';
import type { RetireReason } from './lease-model.ts';
import type { StatementCache } from './statement-cache.ts';

/** What a connection needs of its pool, and tells it. */
export interface ConnectionContext {
  readonly housekeeper: Housekeeper;
  readonly clock: { now(): number };
  readonly cancelGraceMs: number;
  readonly commitGraceMs: number;
  readonly statements: StatementCache;
  /** Sends a cancel request for the session; resolves with whether the server took note of it. */
  cancel(o: { processId: number; secretKey: number }): Promise<boolean>;
  /** The server may have become a standby, or a primary. */
  onRoleChange(): void;
  /** A statement was refused because it writes. */
  onReadOnly(): void;
  /** The connection must not be used any more. */
  onBroken(reason: RetireReason): void;
  /** The socket is closed, and that of a cancel request too. */
  onGone(): void;
}
