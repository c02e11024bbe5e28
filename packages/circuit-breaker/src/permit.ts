/**
 * Permits and epochs.
 *
 * A permit *is* the epoch of its admission. Every edge of the state machine begins a new epoch, so a result that comes back
 * with an older number says nothing about the state it would be counted in: comparing two integers keeps it out, and nothing
 * has to be allocated or looked up per call.
 */
declare const permitBrand: unique symbol;

/** The right to make one call; settle it exactly once. Positive: the epoch it was given in; -1: the call decides nothing. */
export type Permit = number & { readonly [permitBrand]: true };

/** Where permits are made: the overload is the one place in which a plain number becomes a permit. */
function permitFor(epoch: number): Permit;
function permitFor(epoch: number): number {
  return epoch;
}

/** The permit of a call that runs although the machine does not count it (mode `observe` or `disabled`). */
export const UNTRACKED: Permit = /* @__PURE__ */ permitFor(-1);

/** The epoch a breaker starts in. */
export const FIRST_EPOCH: Permit = /* @__PURE__ */ permitFor(1);

/** The largest epoch: it fits a small integer, so that permits are never boxed. */
export const LAST_EPOCH: Permit = /* @__PURE__ */ permitFor(2_147_483_647);

/** The epoch that follows; after the largest comes 1, never 0, since 0 means "refused". */
export const epochAfter = (epoch: Permit): Permit => (epoch >= LAST_EPOCH ? FIRST_EPOCH : permitFor(epoch + 1));
