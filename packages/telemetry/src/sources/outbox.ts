import { countsOf, fieldOf, numberOf, secondsOf } from '../read-field.ts';
import type { Source } from './emit.ts';

/** `stats()` of an outbox. */
export const outboxSource: Source = (stats, name, emit) => {
  const own = { 'busbar.outbox.name': name };
  const inState = (state: string) => ({ ...own, 'busbar.state': state });
  emit('busbar.outbox.appended.messages', numberOf(stats, 'appended', 'records'), own);
  emit('busbar.outbox.published.messages', numberOf(stats, 'published'), own);
  emit('busbar.outbox.retried.messages', numberOf(stats, 'retried'), own);
  emit('busbar.outbox.replayed.messages', numberOf(stats, 'replayed'), own);
  for (const [reason, parked] of countsOf(stats, 'parked'))
    emit('busbar.outbox.dead_lettered.messages', parked, { ...own, 'busbar.reason': reason });
  for (const [cause, spilled] of countsOf(stats, 'direct', 'spilled'))
    emit('busbar.outbox.spilled.messages', spilled, { ...own, 'busbar.reason': cause });
  emit('busbar.outbox.message.count', numberOf(stats, 'backlog', 'pending'), inState('pending'));
  emit('busbar.outbox.message.count', numberOf(stats, 'backlog', 'delayed'), inState('delayed'));
  emit('busbar.outbox.message.count', numberOf(stats, 'dead', 'open'), inState('dead'));
  emit('busbar.outbox.message.bytes', numberOf(stats, 'backlog', 'bytes'), own);
  emit('busbar.outbox.oldest_message.age', secondsOf(stats, 'backlog', 'oldestAgeMs'), own);
  emit('busbar.outbox.in_flight.messages', numberOf(stats, 'inFlight', 'records'), own);
  emit('busbar.outbox.relay.shards', numberOf(stats, 'shards', 'owned'), own);
  emit('busbar.outbox.lease.lost', numberOf(stats, 'leases', 'lost'), own);
  const polls = fieldOf(stats, 'polls');
  for (const outcome of ['empty', 'batch', 'error'])
    for (const [trigger, count] of countsOf(polls, outcome))
      emit('busbar.outbox.relay.polls', count, { ...own, 'busbar.outcome': outcome, 'busbar.trigger': trigger });
  emit('busbar.outbox.sample.age', secondsOf(stats, 'sampleAgeMs'), own);
  emit('busbar.outbox.dead_tuples', numberOf(stats, 'deadTuples'), own);
  emit('busbar.outbox.xmin.age', numberOf(stats, 'oldestXminAgeTransactions'), own);
};
