/** A fault of mollitia that shows only in its own terms. Those of its state machine are among the common scenarios. */
import { Circuit } from 'mollitia';

import { FAILURES } from '../peer.ts';
import { busbarOn } from '../peers/busbar.ts';
import { mollitiaBreaker } from '../peers/mollitia.ts';
import { fails, repeat, type Scenario } from './scenario.ts';

/** Timers that keep the process alive. */
const timersHeld = (): number => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

/** How many more of them there are after it; nothing else can run meanwhile, since only promises are awaited that need no time. */
const timersHeldBy = async (act: () => Promise<unknown>): Promise<string> => {
  const before = timersHeld();
  await act();
  return String(timersHeld() - before);
};

export const MOLLITIA_SCENARIOS: readonly Scenario[] = [
  {
    id: 'M2',
    title: 'It opens, and nobody calls any more; timers that keep the process alive',
    right: '0',
    peer: async () => {
      const circuit = new Circuit({ func: fails, options: { modules: [mollitiaBreaker(1)] } });
      const held = await timersHeldBy(() => repeat(FAILURES, () => circuit.execute()));
      circuit.dispose();
      return held;
    },
    ours: () => {
      const breaker = busbarOn(performance);
      return timersHeldBy(() => repeat(FAILURES, () => breaker.execute(fails)));
    },
  },
];
