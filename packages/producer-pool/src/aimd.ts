/**
 * How many calls at a time one producer may have towards one broker: additive increase, multiplicative decrease (PO-4), so that a broker
 * that becomes slow gets less to do instead of the whole buffer.
 *
 * Invariants: 1 ≤ limit ≤ max; one increase and one decrease a window at most, because calls that waited for the same stall end together;
 * no increase while the limit was not reached, for it would be none that was ever tried.
 *
 * @see Jacobson, "Congestion avoidance and control" (1988); RFC 7661 for the unused window
 */
export interface SlotLimit {
  readonly limit: number;
  readonly windowStartMs: number;
  /** A call of this window timed out or was throttled. */
  readonly troubled: boolean;
  /** All slots were taken at the same time in this window. */
  readonly reached: boolean;
}

export interface AimdPolicy {
  readonly start: number;
  readonly max: number;
  readonly windowMs: number;
}

export interface EndedCall {
  readonly how: 'answered' | 'timeout' | 'throttled';
  /** Calls that were out, this one included. */
  readonly busy: number;
}

export const newSlotLimit = ({ start, max }: AimdPolicy, nowMs: number): SlotLimit => ({
  limit: Math.min(start, max),
  windowStartMs: nowMs,
  troubled: false,
  reached: false,
});

/** The limit after a call has ended. */
export const nextSlotLimit = (
  state: SlotLimit,
  call: EndedCall,
  { policy, nowMs }: { readonly policy: AimdPolicy; readonly nowMs: number },
): SlotLimit => {
  const reached = state.reached || call.busy >= state.limit;
  const over = nowMs - state.windowStartMs >= policy.windowMs;
  if (call.how === 'timeout' && (!state.troubled || over)) {
    return { limit: Math.max(1, Math.floor(state.limit / 2)), windowStartMs: nowMs, troubled: true, reached: false };
  }
  const troubled = call.how !== 'answered' || (state.troubled && !over);
  if (!over) return { ...state, troubled: state.troubled || troubled, reached };
  const grows = !state.troubled && !troubled && reached;
  const limit = grows ? Math.min(policy.max, state.limit + 1) : state.limit;
  return { limit, windowStartMs: nowMs, troubled: call.how !== 'answered', reached: false };
};
