import { countsOf } from '../read-field.ts';
import type { Source } from './emit.ts';

/** What bounds of this package kept out. */
export const telemetrySource: Source = (stats, _name, emit) => {
  for (const [reason, dropped] of countsOf(stats, 'dropped'))
    emit('busbar.telemetry.dropped', dropped, { 'busbar.reason': reason });
};
