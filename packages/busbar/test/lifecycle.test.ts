import { manualClock } from '@busbar-tooling/test-kit/manual-clock';
import { describe, expect, it } from 'vitest';

import { stopInOrder, type StoppablePart } from '../src/lifecycle.ts';

const DEADLINE_MS = 1000;

const setup = () => {
  const clock = manualClock();
  const seen: [string, number][] = [];
  const part = (
    name: string,
    close: () => Promise<string | undefined> = () => Promise.resolve(undefined),
  ): StoppablePart => ({
    name,
    close: (deadlineMs) => {
      seen.push([name, deadlineMs]);
      return close();
    },
  });
  return { clock, seen, part, o: { deadlineMs: DEADLINE_MS, now: () => clock.now(), timers: clock.timers } };
};

describe('ordered stop', () => {
  it('closes one part after the other, each with half of what is left and the last with all', async () => {
    const { clock, seen, part, o } = setup();
    const report = await stopInOrder([part('relay'), part('producers'), part('postgres')], o);
    expect(seen).toEqual([
      ['relay', 500],
      ['producers', 500],
      ['postgres', 1000],
    ]);
    expect(report).toEqual({
      durationMs: 0,
      complete: true,
      parts: [
        { part: 'relay', durationMs: 0 },
        { part: 'producers', durationMs: 0 },
        { part: 'postgres', durationMs: 0 },
      ],
    });
    expect(clock.pending()).toBe(0);
  });

  it.each([0, 1, 2])(
    'part %i that hangs is left at the end of its share, and the others are closed',
    async (hanging) => {
      const { clock, seen, part, o } = setup();
      const parts = ['relay', 'producers', 'postgres'].map((name, index) =>
        part(name, index === hanging ? () => new Promise(() => undefined) : undefined),
      );
      const stopping = stopInOrder(parts, o);
      await clock.advance(DEADLINE_MS);
      const report = await stopping;
      expect(report.complete).toBe(false);
      expect(report.parts.map(({ left }) => left !== undefined)).toEqual([0, 1, 2].map((index) => index === hanging));
      expect(seen).toHaveLength(3);
      expect(report.durationMs).toBeLessThanOrEqual(DEADLINE_MS);
      expect(clock.pending()).toBe(0);
    },
  );

  it('a part that fails is reported in words, and the stop goes on', async () => {
    const { seen, part, o } = setup();
    const report = await stopInOrder([part('relay', () => Promise.reject(new Error('no lease'))), part('postgres')], o);
    expect(report.parts[0]?.left).toBe('failed to close: no lease');
    expect(seen.map(([name]) => name)).toEqual(['relay', 'postgres']);
  });

  it('what a part leaves undone is in its row', async () => {
    const { part, o } = setup();
    const report = await stopInOrder([part('producers', () => Promise.resolve('3 records unknown'))], o);
    expect(report).toMatchObject({ complete: false, parts: [{ part: 'producers', left: '3 records unknown' }] });
  });
});
