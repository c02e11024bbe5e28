import type { LaneRunner } from './lane-runner.ts';
import { isBusy } from './lane-runner.ts';
import type { Placement } from './placement.ts';
import type { PoolGauges } from './stats.ts';

/** Lanes by what they do. */
export const laneGauges = (runners: Iterable<LaneRunner>): PoolGauges['lanes'] => {
  const lanes = { active: 0, ready: 0, sending: 0, backoff: 0, fenced: 0 };
  for (const runner of runners) {
    const { phase, partition } = runner.lane;
    if (partition === undefined) continue;
    if (isBusy(runner)) lanes.active += 1;
    if (phase === 'ready' || phase === 'sending' || phase === 'backoff' || phase === 'fenced') lanes[phase] += 1;
  }
  return lanes;
};

/** Producers by state, their slots and sockets, and each of them. */
export const producerGauges = (
  placement: Placement,
  { brokers, nowMs }: { readonly brokers: number; readonly nowMs: number },
): Pick<PoolGauges, 'producersByState' | 'connections' | 'perProducer'> & { readonly slots: number } => {
  const producersByState = { connecting: placement.opening, ready: 0, degraded: 0, retiring: 0, dead: 0 };
  const { producers } = placement;
  let [connections, slots] = [0, 0];
  for (const producer of producers) {
    const { state } = producer.slot;
    producersByState[state] += 1;
    connections += producer.driver.connections();
    if (state === 'ready' || state === 'degraded') slots += placement.slots.total(producer, brokers);
  }
  const perProducer = producers.map((producer) => producer.counters.snapshot(producer.id, nowMs));
  return { producersByState, connections, slots, perProducer };
};
