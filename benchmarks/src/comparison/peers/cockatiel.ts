/** cockatiel in the comparison. */
import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhen } from 'cockatiel';

import { FAILURES, NO_BOUND_MS, NotItsFault, OPEN_MS, type Peer, type State } from '../peer.ts';

const STATES: Readonly<Record<CircuitState, State | 'isolated'>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Isolated]: 'isolated',
};

export const nameOfState = (state: CircuitState): State | 'isolated' => STATES[state];

export const cockatiel: Peer = {
  name: 'cockatiel',
  options: `ConsecutiveBreaker(${FAILURES}), halfOpenAfter ${OPEN_MS}, halfOpenSampling: calls 1, threshold 0; handleWhen`,
  mostProbes: 1_000,
  quietMs: NO_BOUND_MS,
  create: ({ probes, onTransition }) => {
    const breaker = circuitBreaker(
      handleWhen((error) => !(error instanceof NotItsFault)),
      {
        halfOpenAfter: OPEN_MS,
        breaker: new ConsecutiveBreaker(FAILURES),
        halfOpenSampling: { calls: probes, threshold: 0 },
      },
    );
    breaker.onStateChange(onTransition);
    return {
      state: () => {
        const state = nameOfState(breaker.state);
        if (state === 'isolated') throw new Error('nobody isolates here, yet the breaker is isolated');
        return state;
      },
      call: (work) => breaker.execute(work),
      close: () => undefined,
    };
  },
};
