import { describe, expect, test } from 'vitest';

import {
  type BrokerGate,
  gateAllowance,
  gateAt,
  gateCallEnded,
  gateFault,
  gateSent,
  guardReady,
  openGate,
  probeChoice,
} from '../src/broker-gate.ts';

const RULES = { batchRecords: 1_000, hasGuard: true };
const fault = (gate: BrokerGate, nowMs: number, more: { call?: number; retryAfterMs?: number } = {}): BrokerGate =>
  gateFault(gate, { nowMs, retryAfterMs: 0, call: 1, ...more }, RULES);

const probing = (nowMs: number): BrokerGate => gateAt(guardReady(fault(openGate(0), nowMs)), nowMs + 250);

describe('the gate', () => {
  test('G1 G3 waits for the guard and for the back-off', () => {
    const waiting = fault(openGate(0), 1_000);
    expect(gateAllowance(waiting)).toBe(0);
    expect(gateAt(waiting, 9_000).state).toBe('waiting');
    expect(gateAt(guardReady(waiting), 1_249).state).toBe('waiting');
    expect(gateAt(guardReady(waiting), 1_250).state).toBe('probing');
  });

  test('further faults of open calls stretch the wait by their hint, not by the back-off', () => {
    const waiting = guardReady(fault(fault(openGate(0), 0), 100, { call: 2, retryAfterMs: 700 }));
    expect(gateAt(waiting, 799).state).toBe('waiting');
    expect(gateAt(waiting, 800).state).toBe('probing');
  });

  test('G2 lets one probe through at a time, and the back-off doubles to 5 s when it fails', () => {
    let gate = probing(0);
    expect(gateAllowance(gate)).toBe(10);
    gate = gateSent(gate, 7, 'a');
    expect(gateAllowance(gate)).toBe(0);
    expect(fault(gate, 300, { call: 6 })).toBe(gate);
    for (const waitMs of [500, 1_000, 2_000, 4_000, 5_000, 5_000]) {
      gate = guardReady(fault(gate, 0, { call: 7 }));
      expect(gateAt(gate, waitMs - 1).state).toBe('waiting');
      gate = gateSent(gateAt(gate, waitMs), 7, 'a');
    }
  });

  test('a success multiplies the allowance by four, up to a whole batch', () => {
    let gate = probing(0);
    const allowances: number[] = [];
    while (gate.state === 'probing') {
      allowances.push(gateAllowance(gate));
      gate = gateCallEnded(gateSent(gate, 1, undefined), { nowMs: 400, call: 1, answered: true }, RULES);
    }
    expect(allowances).toEqual([10, 40, 160, 640]);
    expect(gate).toEqual(openGate(400));
  });

  test('a probe without an answer either way is followed by another of the same size', () => {
    const gate = gateCallEnded(gateSent(probing(0), 1, 'a'), { nowMs: 1, call: 1, answered: false }, RULES);
    expect(gateAllowance(gate)).toBe(10);
    expect(gateCallEnded(gate, { nowMs: 1, call: 9, answered: true }, RULES)).toBe(gate);
  });

  test('G4 probes go round, and start again when all were tried', () => {
    let gate = probing(0);
    const choices: (string | undefined)[] = [];
    for (let round = 0; round < 5; round += 1) {
      const choice = probeChoice(gate, ['a', 'b']);
      choices.push(choice);
      gate = gateSent(gate, 1, choice);
    }
    expect(choices).toEqual(['a', 'b', 'a', 'b', 'a']);
    expect(probeChoice(gate, [])).toBeUndefined();
    expect(guardReady(gate)).toBe(gate);
    expect(gateSent(openGate(0), 1, 'a')).toEqual(openGate(0));
  });
});
