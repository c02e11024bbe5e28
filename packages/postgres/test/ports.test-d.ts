import type { ConnectivityCheck, Lease, Postgres, Queryable, Tx } from '@busbar/postgres';
import { expectTypeOf } from 'vitest';

// The ports of the packages that are used together with this one, as their pages write them: shapes, not imports.

interface OutboxQueryable {
  query(
    text: string,
    values: readonly unknown[],
  ): Promise<{ readonly rows: readonly unknown[]; readonly rowCount?: number | null }>;
}
interface DeferringTx extends OutboxQueryable {
  commitWith(...statements: { text: string; values: readonly unknown[] }[]): void;
  afterCommit(f: () => void): void;
  afterRollback(f: (error: unknown) => void): void;
  afterUnknown(f: (error: unknown) => void): void;
}
type AcquiredConnection = OutboxQueryable & AsyncDisposable & { readonly id: string };
interface Check {
  id: string;
  title: string;
  dependsOn?: readonly string[];
  timeoutMs?: number;
  run(c: { signal: AbortSignal }): Promise<{
    status: 'pass' | 'warn' | 'fail' | 'skip';
    message: string;
    help?: string;
    data?: Readonly<Record<string, string | number | boolean>>;
    category?: 'config' | 'unreachable' | 'auth' | 'incompatible' | 'internal';
  }>;
}

expectTypeOf<Queryable>().toExtend<OutboxQueryable>();
expectTypeOf<Postgres>().toExtend<OutboxQueryable>();
expectTypeOf<Tx>().toExtend<DeferringTx>();
expectTypeOf<Lease>().toExtend<AcquiredConnection>();
expectTypeOf<ConnectivityCheck>().toExtend<Check>();
expectTypeOf<Awaited<ReturnType<Postgres['value']>>>().toEqualTypeOf<unknown>();
