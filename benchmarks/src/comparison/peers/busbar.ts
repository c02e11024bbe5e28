/** Our breaker in the comparison. */
import { type Breaker, type BreakerOptions, createBreaker } from '@busbar/circuit-breaker';

import { FAILURES, NotItsFault, OPEN_MS, type Peer, type State } from '../peer.ts';
import type { VirtualTime } from '../virtual-time.ts';

/** A probe that has not answered by then is given up. */
const LEASE_MS = 50;

/** A breaker on virtual time. `timers` are those of the process, hence virtual too. */
export const busbarOn = (time: Pick<VirtualTime, 'now'>, options: Partial<BreakerOptions> = {}): Breaker =>
  createBreaker({
    name: 'comparison',
    profile: 'production',
    window: { type: 'none' },
    trip: { consecutive: FAILURES, failureRatio: 0 },
    open: { baseMs: OPEN_MS, maxMs: OPEN_MS, jitter: 'none' },
    halfOpen: { probes: 1, leaseMs: LEASE_MS },
    classify: { error: (error) => (error instanceof NotItsFault ? 'ignore' : 'failure') },
    clock: time,
    ...options,
  });

const automatic = (state: Breaker['state']): State => {
  if (state === 'closed' || state === 'open' || state === 'half-open') return state;
  throw new Error(`nobody isolates or disables here, yet the breaker is ${state}`);
};

export const busbar: Peer = {
  name: '@busbar/circuit-breaker',
  options: `trip.consecutive ${FAILURES}, open.baseMs and maxMs ${OPEN_MS}, halfOpen.probes 1, leaseMs ${LEASE_MS}, classify: ignore`,
  mostProbes: 1_000,
  quietMs: LEASE_MS + OPEN_MS,
  create: ({ time, probes, onTransition }) => {
    const breaker = busbarOn(time, { halfOpen: { probes, concurrency: probes, leaseMs: LEASE_MS } });
    breaker.onTransition(onTransition);
    return {
      state: () => automatic(breaker.state),
      call: (work) => breaker.execute(work),
      close: () => breaker.close(),
    };
  },
};
