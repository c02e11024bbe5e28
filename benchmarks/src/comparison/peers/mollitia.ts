/** mollitia in the comparison. */
import { BreakerState, Circuit, SlidingCountBreaker } from 'mollitia';

import { FAILURES, NO_BOUND_MS, NotItsFault, OPEN_MS, type Peer, type State, type Work } from '../peer.ts';

const STATES: Readonly<Record<BreakerState, State>> = {
  [BreakerState.CLOSED]: 'closed',
  [BreakerState.OPENED]: 'open',
  [BreakerState.HALF_OPENED]: 'half-open',
};

/** Above one half of a window of two: both. */
const FAILURE_RATE = 60;

export const mollitiaBreaker = (probes: number): SlidingCountBreaker =>
  new SlidingCountBreaker({
    slidingWindowSize: FAILURES,
    minimumNumberOfCalls: FAILURES,
    failureRateThreshold: FAILURE_RATE,
    openStateDelay: OPEN_MS,
    permittedNumberOfCallsInHalfOpenState: probes,
    onError: (error: unknown) => !(error instanceof NotItsFault),
  });

export const mollitia: Peer = {
  name: 'mollitia',
  options: `SlidingCountBreaker: slidingWindowSize and minimumNumberOfCalls ${FAILURES}, failureRateThreshold ${FAILURE_RATE}, openStateDelay ${OPEN_MS}, permittedNumberOfCallsInHalfOpenState 1, onError`,
  mostProbes: 1_000,
  quietMs: NO_BOUND_MS,
  create: ({ probes, onTransition }) => {
    const breaker = mollitiaBreaker(probes);
    const circuit = new Circuit({ func: (work: Work) => work(), options: { modules: [breaker] } });
    breaker.on('state-changed', onTransition);
    return {
      state: () => STATES[breaker.state],
      call: (work) => circuit.execute<string>(work),
      close: () => {
        circuit.dispose();
      },
    };
  },
};
