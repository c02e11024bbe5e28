import type { Parsed } from './parsed.ts';
import { formatQuantity, parseQuantity, type Units } from './quantity.ts';

const DURATION: Units = {
  what: 'duration',
  help: 'write whole milliseconds, or a number with ms, s, m, h or d, for example 5s',
  factors: new Map([
    ['ms', 1n],
    ['s', 1000n],
    ['m', 60_000n],
    ['h', 3_600_000n],
    ['d', 86_400_000n],
  ]),
};

const DESCENDING = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** `5000`, `250ms`, `1.5s`, `5m`, `1h`, `30d` in milliseconds. */
export const parseDuration = (text: string): Parsed<number> => parseQuantity(text, DURATION);

/** The shortest text that {@link parseDuration} reads back as the same number of milliseconds. */
export const formatDuration = (valueMs: number): string => formatQuantity(valueMs, DESCENDING, 'ms');
