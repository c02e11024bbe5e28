/**
 * One producer's life, judged by real traffic alone: client events say nothing about health.
 *
 *   connecting ──opened──► ready ⇄ degraded ──retire──► retiring ──ended──► dead
 *        └──────failed─────────────────────────────────────────────────────► dead
 *
 * degraded: three faults in a row, or calls out and none acknowledged for long. It keeps its lanes and gets no new ones; one
 * acknowledgement makes it ready again.
 * retiring: it gets no new call; it ends when its calls have, or when its grace is over.
 */
export type ProducerState = 'connecting' | 'ready' | 'degraded' | 'retiring' | 'dead';

/** Why a producer was replaced. */
export type RetireReason =
  | 'rejected'
  | 'connection'
  | 'broken'
  | 'unacknowledged'
  | 'watchdog'
  | 'auth'
  | 'recovered'
  | 'unused'
  | 'recycled'
  | 'scaled-down'
  | 'idle'
  | 'closed';

export interface Slot {
  readonly state: ProducerState;
  readonly faultsInRow: number;
}

export type SlotEvent = 'opened' | 'acked' | 'faulted' | 'silent' | 'retire' | 'ended';

/** Faults in a row that make a producer degraded. */
const DEGRADED_FAULTS = 3;

export const NEW_SLOT: Slot = Object.freeze({ state: 'connecting', faultsInRow: 0 });

const isLive = (slot: Slot): boolean => slot.state === 'ready' || slot.state === 'degraded';

/** The next state; an event that does not fit the state changes nothing. */
export const nextSlot = (slot: Slot, event: SlotEvent): Slot => {
  if (event === 'opened') return slot.state === 'connecting' ? { ...slot, state: 'ready' } : slot;
  if (event === 'ended') return { ...slot, state: 'dead' };
  return isLive(slot) ? nextLive(slot, event) : slot;
};

const nextLive = (slot: Slot, event: Exclude<SlotEvent, 'opened' | 'ended'>): Slot => {
  if (event === 'acked') return { state: 'ready', faultsInRow: 0 };
  if (event === 'retire') return { ...slot, state: 'retiring' };
  if (event === 'silent') return { ...slot, state: 'degraded' };
  const faultsInRow = slot.faultsInRow + 1;
  return { state: faultsInRow >= DEGRADED_FAULTS ? 'degraded' : slot.state, faultsInRow };
};
