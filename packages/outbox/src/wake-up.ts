/**
 * Pure: when the relay asks the database next. At once after a wake-up or a full claim, else after a delay that doubles from `minMs` to
 * `maxMs` while there is nothing to send.
 */
export interface Cadence {
  readonly nextAtMs: number;
  readonly delayMs: number;
  readonly trigger: 'wake' | 'timer';
  /** A wake-up came while a claim was on its way: the claim may have been too early to see the row. */
  readonly wokenMeanwhile: boolean;
}

export interface CadenceRules {
  readonly minMs: number;
  readonly maxMs: number;
}

export const firstPoll = (nowMs: number, rules: CadenceRules): Cadence => ({
  nextAtMs: nowMs,
  delayMs: rules.minMs,
  trigger: 'timer',
  wokenMeanwhile: false,
});

/** Somebody committed an event in this process. */
export const afterWake = (
  cadence: Cadence,
  at: { nowMs: number; claiming: boolean },
  rules: CadenceRules,
): Cadence => ({
  nextAtMs: Math.min(cadence.nextAtMs, at.nowMs),
  delayMs: rules.minMs,
  trigger: 'wake',
  wokenMeanwhile: at.claiming,
});

/** Rows that were held back may be free now. */
export const afterFreed = (cadence: Cadence, nowMs: number): Cadence => ({
  ...cadence,
  nextAtMs: Math.min(cadence.nextAtMs, nowMs),
});

/** `full`: the claim was cut by a limit. `random` in [0, 1) spreads relays that poll an empty table. */
export const afterClaim = (
  cadence: Cadence,
  claim: { nowMs: number; sent: number; full: boolean; random: number },
  rules: CadenceRules,
): Cadence => {
  const idle = claim.sent === 0;
  const delayMs = idle ? Math.min(rules.maxMs, cadence.delayMs * 2) : rules.minMs;
  const atOnce = cadence.wokenMeanwhile || (claim.full && !idle);
  const waitMs = idle ? delayMs / 2 + (delayMs / 2) * claim.random : delayMs;
  return { nextAtMs: claim.nowMs + (atOnce ? 0 : waitMs), delayMs, trigger: 'timer', wokenMeanwhile: false };
};
