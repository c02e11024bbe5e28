import type { WireConnection, Submittable, TransactionStatus } from './pool-port.ts';
import type { StatementCache } from './statement-cache.ts';
import type { Place, ServerRole } from './targets.ts';
import type { ResolvedTls } from './tls.ts';

/** What a connection needs of the driver's client: one of our own, or one that a pool of the user's lends. */
export interface Session {
  readonly processID: number | null;
  readonly secretKey: number | null;
  readonly connection: WireConnection & {
    /** The texts that the driver's own objects have prepared, by name. */
    readonly parsedStatements: Record<string, string>;
    on(event: string, listener: () => void): unknown;
    once(event: string, listener: () => void): unknown;
    off(event: string, listener: () => void): unknown;
  };
  readonly role: ServerRole;
  /** 0 where it is not said. */
  readonly serverMajorVersion: number;
  readonly status: TransactionStatus | null;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'notice' | 'notification' | 'end', listener: (told?: unknown) => void): unknown;
  once(event: 'end', listener: () => void): unknown;
  /** The server has answered a group, and takes the next one. */
  onReady(listener: () => void): void;
  /** A setting of the session that the server reports has changed. */
  onParameter(listener: () => void): void;
  query(group: Submittable): unknown;
  destroySocket(): void;
}

/** A client that is logged in, and how to hand it back. */
export interface OpenedSession {
  readonly client: Session;
  readonly place: Place;
  /** How its socket was secured, where that is not an option of ours. */
  readonly tls?: ResolvedTls;
  /** Connections before this one had the same session. Default: false. */
  readonly isReused?: boolean;
  /** What the session has prepared, where it is older than this connection. */
  readonly statements?: StatementCache;
  end(): void;
}
