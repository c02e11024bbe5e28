import { FAILURES, OPEN_MS, type Peer, type State, type Work } from '../../src/comparison/peer.ts';

/** A breaker as one writes it on the first try: half-open admits everybody, and whatever result comes next decides. */
export const naive: Peer = {
  name: 'naive',
  options: '',
  mostProbes: 1,
  quietMs: OPEN_MS,
  create: ({ time, onTransition }) => {
    let state: State = 'closed';
    let failures = 0;
    let openedAtMs = 0;
    const become = (next: State): void => {
      if (next === state) return;
      state = next;
      failures = 0;
      openedAtMs = time.now();
      onTransition();
    };
    const call = async (work: Work): Promise<string> => {
      if (state === 'open' && time.now() >= openedAtMs + OPEN_MS) become('half-open');
      if (state === 'open') throw new Error('open');
      try {
        const answer = await work();
        become('closed');
        return answer;
      } catch (error) {
        failures += 1;
        if (state === 'half-open' || failures >= FAILURES) become('open');
        throw error;
      }
    };
    return { state: () => state, call, close: () => undefined };
  },
};
