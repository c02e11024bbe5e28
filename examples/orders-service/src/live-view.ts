import { clearLine, cursorTo } from 'node:readline';

/** One reading of the demo, as shown once a second. */
export interface Reading {
  readonly committed: number;
  readonly orders: number;
  readonly acknowledged: number;
  readonly backlog: number;
  readonly breaker: string;
  readonly p99Ms: number | undefined;
  readonly doing: string;
}

const BAR_WIDTH = 24;

const bar = (share: number): string => {
  const full = Math.round(Math.min(1, share) * BAR_WIDTH);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}]`;
};

export const milliseconds = (value: number | undefined): string =>
  value === undefined ? '–' : `${value.toFixed(1)} ms`;

const readingLine = (reading: Reading): string =>
  `${bar(reading.committed / reading.orders)} orders ${reading.committed}/${reading.orders} · acknowledged ${reading.acknowledged} · ` +
  `backlog ${reading.backlog} · breaker ${reading.breaker} · p99 ${milliseconds(reading.p99Ms)} · ${reading.doing}`;

/** Shows readings on a terminal in one line that is drawn again, elsewhere as a line each; `say` prints a line that stays. */
export interface LiveView {
  show(reading: Reading): void;
  say(line: string): void;
}

export const createLiveView = (out: NodeJS.WriteStream): LiveView => {
  const redraw = out.isTTY;
  let drawn = false;
  const clear = (): void => {
    if (!drawn) return;
    clearLine(out, 0);
    cursorTo(out, 0);
    drawn = false;
  };
  return {
    show: (reading) => {
      clear();
      const line = readingLine(reading);
      out.write(redraw ? line.slice(0, Math.max(20, out.columns - 1)) : `${line}\n`);
      drawn = redraw;
    },
    say: (line) => {
      clear();
      out.write(`${line}\n`);
    },
  };
};
