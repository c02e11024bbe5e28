import type { Parsed } from './parsed.ts';
import { formatQuantity, parseQuantity, type Units } from './quantity.ts';

const SIZE: Units = {
  what: 'byte size',
  help: 'write bytes, or a number with KiB, MiB, GiB, TiB (powers of 1024) or kB, MB, GB, TB (powers of 1000)',
  // No single letters: K is 1024 in some formats and 1000 in others.
  factors: new Map([
    ['B', 1n],
    ['kB', 1000n],
    ['MB', 1_000_000n],
    ['GB', 1_000_000_000n],
    ['TB', 1_000_000_000_000n],
    ['KiB', 1024n],
    ['MiB', 1_048_576n],
    ['GiB', 1_073_741_824n],
    ['TiB', 1_099_511_627_776n],
  ]),
};

const DESCENDING = [
  ['TiB', 1_099_511_627_776],
  ['GiB', 1_073_741_824],
  ['MiB', 1_048_576],
  ['KiB', 1024],
] as const;

/** `900000`, `512KiB`, `1MB` in bytes. */
export const parseByteSize = (text: string): Parsed<number> => parseQuantity(text, SIZE);

/** The shortest text that {@link parseByteSize} reads back as the same number of bytes. */
export const formatByteSize = (valueBytes: number): string => formatQuantity(valueBytes, DESCENDING, 'B');
