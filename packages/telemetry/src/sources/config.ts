import { listOf, secondsOf, textOf } from '../read-field.ts';
import type { Source } from './emit.ts';

const STATUSES = ['pass', 'warn', 'fail', 'skip'];

/** The report of the last start-up: its duration, and the status of each check as one 0/1 series per status. */
export const configSource: Source = (report, _name, emit) => {
  emit('busbar.startup.duration', secondsOf(report, 'durationMs'), {});
  for (const check of listOf(report, 'checks')) {
    const id = textOf(check, 'id');
    const status = textOf(check, 'status');
    if (id === undefined || status === undefined) continue;
    for (const each of STATUSES)
      emit('busbar.startup.check', each === status ? 1 : 0, { 'busbar.check.id': id, 'busbar.status': each });
  }
};
