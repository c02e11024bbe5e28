import { currentEventContext, runWithEvent } from '@busbar/envelope';
import { expect, it } from 'vitest';

it('runWithEvent carries correlation and cause across awaits, and ends with the function', async () => {
  expect(currentEventContext()).toBeUndefined();
  const inside = await runWithEvent({ id: 'e1', correlationid: 'c1' }, async () => {
    await Promise.resolve();
    return currentEventContext();
  });
  expect(inside).toEqual({ correlationid: 'c1', causationid: 'e1' });
  expect(currentEventContext()).toBeUndefined();
});

it('runWithEvent correlates by the id of an event that starts a process, and nests', () => {
  runWithEvent({ id: 'outer' }, () => {
    expect(currentEventContext()).toEqual({ correlationid: 'outer', causationid: 'outer' });
    runWithEvent({ id: 'inner', correlationid: 'outer' }, () => {
      expect(currentEventContext()).toEqual({ correlationid: 'outer', causationid: 'inner' });
    });
  });
});
