/** opossum in the comparison. */
import Opossum from 'opossum';

import { FAILURES, NO_BOUND_MS, NotItsFault, OPEN_MS, type Peer, type State, type Work } from '../peer.ts';

/** No time limit: as for the others, it is the caller's. Statistics that it does not need for its decisions are off. */
export const OPOSSUM_OPTIONS: Opossum.Options = {
  name: 'comparison',
  timeout: false,
  volumeThreshold: FAILURES,
  errorThresholdPercentage: 50,
  resetTimeout: OPEN_MS,
  rollingPercentilesEnabled: false,
  enableSnapshots: false,
};

export const stateOf = (breaker: Pick<Opossum, 'closed' | 'halfOpen'>): State => {
  if (breaker.closed) return 'closed';
  return breaker.halfOpen ? 'half-open' : 'open';
};

export const opossum: Peer = {
  name: 'opossum',
  options: `timeout false, volumeThreshold ${FAILURES}, errorThresholdPercentage 50, resetTimeout ${OPEN_MS}, errorFilter`,
  mostProbes: 1,
  quietMs: NO_BOUND_MS,
  create: ({ onTransition }) => {
    const breaker = new Opossum<[Work], string>((work) => work(), {
      ...OPOSSUM_OPTIONS,
      errorFilter: (error) => error instanceof NotItsFault,
    });
    breaker.on('open', onTransition);
    breaker.on('halfOpen', onTransition);
    breaker.on('close', onTransition);
    return {
      state: () => stateOf(breaker),
      call: (work) => breaker.fire(work),
      close: () => {
        breaker.shutdown();
      },
    };
  },
};
