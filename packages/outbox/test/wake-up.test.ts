import { expect, test } from 'vitest';

import { afterClaim, afterFreed, afterWake, firstPoll } from '../src/wake-up.ts';

const RULES = { minMs: 5, maxMs: 250 };
const claim = (more: object = {}) => ({ nowMs: 1_000, sent: 0, full: false, random: 1, ...more });

test('an idle relay doubles its delay up to the greatest, with jitter over its upper half', () => {
  let cadence = firstPoll(0, RULES);
  const delays: number[] = [];
  for (let poll = 0; poll < 7; poll += 1) {
    cadence = afterClaim(cadence, claim(), RULES);
    delays.push(cadence.nextAtMs - 1_000);
  }
  expect(delays).toEqual([10, 20, 40, 80, 160, 250, 250]);
  expect(afterClaim(cadence, claim({ random: 0 }), RULES).nextAtMs).toBe(1_125);
});

test('a full claim is followed by another at once, unless nothing of it could be sent', () => {
  expect(afterClaim(firstPoll(0, RULES), claim({ sent: 3, full: true }), RULES).nextAtMs).toBe(1_000);
  expect(afterClaim(firstPoll(0, RULES), claim({ sent: 3 }), RULES).nextAtMs).toBe(1_005);
  expect(afterClaim(firstPoll(0, RULES), claim({ full: true }), RULES).nextAtMs).toBe(1_010);
});

test('a wake-up brings the next claim forward and the delay back to the least', () => {
  const idle = { ...firstPoll(0, RULES), nextAtMs: 900, delayMs: 250 };
  expect(afterWake(idle, { nowMs: 700, claiming: false }, RULES)).toMatchObject({
    nextAtMs: 700,
    delayMs: 5,
    trigger: 'wake',
  });
  expect(afterFreed(idle, 700)).toMatchObject({ nextAtMs: 700, delayMs: 250, trigger: 'timer' });
});
