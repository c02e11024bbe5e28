/**
 * One producer's life, judged by real traffic alone: client events say nothing about health.
 *
 *   connecting ──opened──► ready ⇄ degraded ──retire──► retiring ──ended──► dead
 *        └──────failed─────────────────────────────────────────────────────► dead
 *
 * degraded: three faults in a row. It keeps its calls; one acknowledgement makes it ready again.
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
  | 'closed';

export interface Slot {
  readonly state: ProducerState;
  readonly faultsInRow: number;
}

export type SlotEvent = 'opened' | 'acked' | 'faulted' | 'retire' | 'ended';

/** Faults in a row that make a producer degraded. */
const DEGRADED_FAULTS = 3;

export const NEW_SLOT: Slot = Object.freeze({ state: 'connecting', faultsInRow: 0 });

const isLive = (slot: Slot): boolean => slot.state === 'ready' || slot.state === 'degraded';

/** The next state; an event that does not fit the state changes nothing. */
export const nextSlot = (slot: Slot, event: SlotEvent): Slot => {
  switch (event) {
    case 'opened':
      return slot.state === 'connecting' ? { ...slot, state: 'ready' } : slot;
    case 'acked':
      return isLive(slot) ? { state: 'ready', faultsInRow: 0 } : slot;
    case 'faulted': {
      const faultsInRow = slot.faultsInRow + 1;
      return isLive(slot)
        ? { state: faultsInRow >= DEGRADED_FAULTS ? 'degraded' : slot.state, faultsInRow }
        : { ...slot, faultsInRow };
    }
    case 'retire':
      return isLive(slot) ? { ...slot, state: 'retiring' } : slot;
    case 'ended':
      return { ...slot, state: 'dead' };
    default:
      return event satisfies never;
  }
};
