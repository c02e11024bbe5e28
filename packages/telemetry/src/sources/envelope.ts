import { fieldOf, numberOf } from '../read-field.ts';
import type { Source } from './emit.ts';

/** `stats()` of an event codec. All codecs of a process share their series: an event type is the same in each. */
export const envelopeSource: Source = (stats, _name, emit) => {
  const events = fieldOf(stats, 'events');
  if (typeof events !== 'object' || events === null) return;
  for (const type of Object.keys(events))
    for (const stage of ['publish', 'consume'])
      emit('busbar.event.validation.failures', numberOf(events, type, 'invalid', stage), {
        'busbar.event.type': type,
        'busbar.stage': stage,
      });
};
