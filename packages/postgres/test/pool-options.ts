import type { TestDatabase } from '@busbar-tooling/test-kit/test-database';

import type { PostgresOptions } from '../src/options.ts';

/** Options for a pool on a test database; the test servers speak plaintext. */
export const poolOptions = (
  db: Omit<TestDatabase, 'url' | typeof Symbol.asyncDispose>,
  own: PostgresOptions = {},
): PostgresOptions => ({
  host: db.host,
  port: db.port,
  database: db.database,
  user: db.user,
  password: db.password,
  tls: { mode: 'disable' },
  ...own,
});
