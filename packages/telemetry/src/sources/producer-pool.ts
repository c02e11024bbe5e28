import { countsOf, numberOf } from '../read-field.ts';
import type { Source } from './emit.ts';

const OWN_CODE = /^BUSBAR_(?:PRODUCER_)?/u;

/** `BUSBAR_PRODUCER_BUFFER_FULL` → `buffer_full`. */
const reasonOf = (code: string): string => code.replace(OWN_CODE, '').toLowerCase();

/** `stats()` of a producer pool. */
export const producerPoolSource: Source = (stats, name, emit) => {
  const own = { 'busbar.producer.pool.name': name };
  for (const [state, producers] of countsOf(stats, 'producersByState'))
    emit('busbar.producer.connection.count', producers, { ...own, 'busbar.state': state });
  emit('busbar.producer.created', numberOf(stats, 'producers', 'opened'), own);
  for (const [reason, retired] of countsOf(stats, 'producers', 'retired'))
    emit('busbar.producer.retired', retired, { ...own, 'busbar.reason': reason });
  for (const [direction, decisions] of countsOf(stats, 'scaling'))
    emit('busbar.producer.scaling', decisions, { ...own, 'busbar.direction': direction });
  emit('busbar.producer.utilization', numberOf(stats, 'utilizationRatio'), own);
  emit('busbar.producer.efficiency', numberOf(stats, 'efficiencyRatio'), own);
  emit('busbar.producer.buffer.size', numberOf(stats, 'buffered', 'records'), own);
  emit('busbar.producer.buffer.usage', numberOf(stats, 'buffered', 'bytes'), own);
  emit('busbar.producer.buffer.limit', numberOf(stats, 'buffered', 'limitBytes'), own);
  emit('busbar.producer.retries', numberOf(stats, 'retries'), own);
  for (const [code, rejected] of countsOf(stats, 'records', 'rejected'))
    emit('busbar.producer.rejected', rejected, { ...own, 'busbar.reason': reasonOf(code) });
  for (const [state, lanes] of countsOf(stats, 'lanes'))
    if (state !== 'active') emit('busbar.producer.lane.count', lanes, { ...own, 'busbar.state': state });
};
