import { countsOf, fieldOf, numberOf } from '../read-field.ts';
import { DB_CONNECTION_STATE, DB_POOL_NAME, ERROR_TYPE } from '../semconv.ts';
import type { Emit, Source } from './emit.ts';

const EVENTS = [
  ['busbar.postgres.connection.create_failures', 'createFailures'],
  ['busbar.postgres.connection.validations', 'validations'],
  ['busbar.postgres.connection.leaks', 'leaks'],
  ['busbar.postgres.connection.dirty_releases', 'dirtyReleases'],
  ['busbar.postgres.connection.cancels', 'cancelsSent'],
] as const;

const VERDICTS = [
  ['passed', 'passed'],
  ['warned', 'warned'],
  ['blocked', 'blocked'],
] as const;

/** `stats()` of a PostgreSQL pool. */
export const postgresSource: Source = (stats, name, emit) => {
  const own = { [DB_POOL_NAME]: name };
  emit('db.client.connection.count', numberOf(stats, 'idle'), { ...own, [DB_CONNECTION_STATE]: 'idle' });
  emit('db.client.connection.count', numberOf(stats, 'leased'), { ...own, [DB_CONNECTION_STATE]: 'used' });
  emit('db.client.connection.limit', numberOf(stats, 'max'), own);
  emit('db.client.connection.idle.min', numberOf(stats, 'minIdle'), own);
  emit('db.client.connection.pending_requests', numberOf(stats, 'waiting'), own);
  emit('db.client.connection.timeouts', numberOf(stats, 'acquireTimeouts'), own);
  for (const [metric, field] of EVENTS) emit(metric, numberOf(stats, field), own);
  for (const [reason, closed] of countsOf(stats, 'closed'))
    emit('busbar.postgres.connection.closed', closed, { ...own, 'busbar.reason': reason });
  for (const [sqlState, retries] of countsOf(stats, 'tx', 'retries'))
    emit('busbar.postgres.transaction.retries', retries, { ...own, [ERROR_TYPE]: sqlState });
  for (const result of ['hits', 'misses'] as const)
    emit('busbar.postgres.statement_cache.lookups', numberOf(stats, 'statements', result), {
      ...own,
      'busbar.result': result === 'hits' ? 'hit' : 'miss',
    });
  for (const [action, field] of VERDICTS)
    emit('busbar.postgres.guard.verdicts', numberOf(stats, 'guard', field), { ...own, 'busbar.action': action });
  emitOperations(stats, own, emit);
};

const emitOperations = (stats: unknown, own: Readonly<Record<string, string>>, emit: Emit): void => {
  const operations = fieldOf(stats, 'operations');
  if (typeof operations !== 'object' || operations === null) return;
  for (const type of Object.keys(operations)) {
    const typed = { ...own, 'busbar.operation.type': type };
    emit('busbar.postgres.operations', numberOf(operations, type, 'count'), typed);
    emit('busbar.postgres.rows', numberOf(operations, type, 'rows'), typed);
    emit('busbar.postgres.io', numberOf(operations, type, 'bytesRead'), {
      ...typed,
      'network.io.direction': 'receive',
    });
    emit('busbar.postgres.io', numberOf(operations, type, 'bytesWritten'), {
      ...typed,
      'network.io.direction': 'transmit',
    });
  }
};
