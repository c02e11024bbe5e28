/**
 * Pure: whether the relay may send at all. A broker that is away is waited for, however long it takes, and then asked with a probe.
 *
 * ```
 * open ── broker fault ──► waiting ── back-off over and guard ready ──► probing ── all acknowledged, full size again ──► open
 *                             ▲                                            │
 *                             └──────────────── broker fault ──────────────┘
 * ```
 * Invariants: **G1** in `waiting` nothing is sent. **G2** In `probing` at most one call is open, and it is at most `allowance` records
 * (the first one: of a single key). **G3** The wait is never shorter than the back-off, also with a guard that is ready at once: a
 * breaker that stays closed would make the relay spin. **G4** Probes go round what shares a fate: the lowest row may lie on the one
 * dead partition.
 */
export type BrokerGate =
  | { readonly state: 'open'; readonly sinceMs: number }
  | {
      readonly state: 'waiting';
      readonly sinceMs: number;
      readonly failures: number;
      readonly untilMs: number;
      readonly guardReady: boolean;
      readonly tried: ReadonlySet<string>;
    }
  | {
      readonly state: 'probing';
      readonly sinceMs: number;
      readonly failures: number;
      readonly allowance: number;
      /** The open probe, if any. */
      readonly call: number | undefined;
      readonly tried: ReadonlySet<string>;
    };

/** Back-off while the broker is away: 250 ms, doubled up to 5 s. */
const GATE_BASE_MS = 250;
const GATE_MAX_MS = 5_000;
/** Records of the first probe; each success multiplies by `PROBE_GROWTH` up to a whole batch. */
export const PROBE_RECORDS = 10;
const PROBE_GROWTH = 4;
/** Lanes or keys remembered as tried; above it the round starts again. */
const MAX_TRIED = 1_000;

export interface GateRules {
  readonly batchRecords: number;
  /** The publisher has a `ready()` to be asked. */
  readonly hasGuard: boolean;
}

export const openGate = (nowMs: number): BrokerGate => ({ state: 'open', sinceMs: nowMs });

/** A fault of the broker as a whole. Faults of other calls that were open at the same time do not lengthen the back-off. */
export const gateFault = (
  gate: BrokerGate,
  fault: { nowMs: number; retryAfterMs: number; call: number },
  rules: GateRules,
): BrokerGate => {
  const { nowMs, retryAfterMs } = fault;
  if (gate.state === 'waiting') return { ...gate, untilMs: Math.max(gate.untilMs, nowMs + retryAfterMs) };
  if (gate.state === 'probing' && gate.call !== fault.call) return gate;
  const failures = gate.state === 'probing' ? gate.failures + 1 : 1;
  const backoffMs = Math.min(GATE_MAX_MS, GATE_BASE_MS * 2 ** Math.min(failures - 1, 10));
  return {
    state: 'waiting',
    sinceMs: nowMs,
    failures,
    untilMs: nowMs + Math.max(backoffMs, retryAfterMs),
    guardReady: !rules.hasGuard,
    tried: gate.state === 'probing' ? gate.tried : new Set(),
  };
};

export const guardReady = (gate: BrokerGate): BrokerGate =>
  gate.state === 'waiting' ? { ...gate, guardReady: true } : gate;

/** From `waiting` to `probing` when both the back-off is over and the guard is ready. */
export const gateAt = (gate: BrokerGate, nowMs: number): BrokerGate =>
  gate.state === 'waiting' && gate.guardReady && gate.untilMs <= nowMs
    ? {
        state: 'probing',
        sinceMs: nowMs,
        failures: gate.failures,
        allowance: PROBE_RECORDS,
        call: undefined,
        tried: gate.tried,
      }
    : gate;

/** Records the gate lets through in one call now; 0 = nothing. */
export const gateAllowance = (gate: BrokerGate): number => {
  if (gate.state === 'open') return Number.POSITIVE_INFINITY;
  return gate.state === 'probing' && gate.call === undefined ? gate.allowance : 0;
};

/** What the next probe is to be of, in the order of the rows: the first not tried in this round, else the first of a new round. */
export const probeChoice = (gate: BrokerGate, fates: Iterable<string>): string | undefined => {
  let first: string | undefined;
  for (const fate of fates) {
    if (gate.state !== 'probing' || !gate.tried.has(fate)) return fate;
    first ??= fate;
  }
  return first;
};

/** The call that a probing gate lets through; `fate` is its key or lane for the first probe. */
export const gateSent = (gate: BrokerGate, call: number, fate: string | undefined): BrokerGate => {
  if (gate.state !== 'probing') return gate;
  const tried = new Set(fate === undefined || gate.tried.has(fate) || gate.tried.size >= MAX_TRIED ? [] : gate.tried);
  if (fate !== undefined) tried.add(fate);
  return { ...gate, call, tried };
};

/** The end of a call without a fault of the broker. `answered`: something in it was acknowledged or refused by the broker. */
export const gateCallEnded = (
  gate: BrokerGate,
  end: { nowMs: number; call: number; answered: boolean },
  rules: GateRules,
): BrokerGate => {
  if (gate.state !== 'probing' || gate.call !== end.call) return gate;
  if (!end.answered) return { ...gate, call: undefined };
  const allowance = gate.allowance * PROBE_GROWTH;
  return allowance >= rules.batchRecords ? openGate(end.nowMs) : { ...gate, call: undefined, allowance };
};
