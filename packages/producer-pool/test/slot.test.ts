import { expect, test } from 'vitest';

import { NEW_SLOT, nextSlot, type Slot, type SlotEvent } from '../src/slot.ts';

const after = (...events: readonly SlotEvent[]): Slot => events.reduce(nextSlot, NEW_SLOT);

test('R-KP-1 a producer connects, serves, retires and dies', () => {
  expect(after().state).toBe('connecting');
  expect(after('opened').state).toBe('ready');
  expect(after('opened', 'retire').state).toBe('retiring');
  expect(after('opened', 'retire', 'ended').state).toBe('dead');
  expect(after('ended').state).toBe('dead');
});

test('R-KP-1 three faults in a row degrade it, one acknowledgement heals it', () => {
  expect(after('opened', 'faulted', 'faulted').state).toBe('ready');
  expect(after('opened', 'faulted', 'acked', 'faulted', 'faulted').state).toBe('ready');
  expect(after('opened', 'faulted', 'faulted', 'faulted').state).toBe('degraded');
  expect(after('opened', 'faulted', 'faulted', 'faulted', 'acked').state).toBe('ready');
});

test('R-KP-1 what happens to a retired producer does not bring it back', () => {
  expect(after('opened', 'retire', 'acked').state).toBe('retiring');
  expect(after('opened', 'retire', 'opened').state).toBe('retiring');
  expect(after('opened', 'retire', 'faulted', 'faulted', 'faulted').state).toBe('retiring');
  expect(after('retire').state).toBe('connecting');
});
