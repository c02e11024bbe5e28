import type { ConnectionSource } from '@busbar/outbox';
import type { Postgres } from '@busbar/postgres';

/**
 * The outbox's own PostgreSQL connections → `ConnectionSource`. They are apart from the pool of the business transactions, so that a busy
 * service does not starve its relay, nor the relay its service.
 */
export const connectionsOf = (postgres: Postgres): ConnectionSource => ({
  acquire: ({ purpose, signal }) => postgres.lease({ label: `outbox ${purpose}`, signal }),
});
