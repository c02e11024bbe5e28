import type { PublishOutcome } from '../../src/ports.ts';
import type { ClaimedRow } from '../../src/record.ts';
import { unitOf } from '../../src/record.ts';
import type { EventQueue } from './event-queue.ts';

/**
 * A broker behind a publisher that keeps P1–P3: per record it is appended or not, answered or not, at once or late; successors of a
 * failed record of a key are not sent; a late copy lands before anything of its key that the same publisher is given afterwards.
 */
export interface BrokerWeather {
  /** Until then nothing is appended but what was already on its way. */
  downUntilMs: number;
  /** Shares of records that fail in each way, while the broker is up. */
  laneRatio: number;
  lostAckRatio: number;
  lateRatio: number;
  /** Publishers whose way to the broker is cut for ever. */
  readonly cutOff: Set<string>;
  /** Topics that are refused until a time. */
  readonly topics: Map<string, number>;
}

export interface Appended {
  readonly row: ClaimedRow;
  readonly by: string;
}

const failure = (
  scope: 'record' | 'topic' | 'lane' | 'broker',
  outcome: 'not-sent' | 'rejected' | 'unknown',
): PublishOutcome => ({
  ok: false,
  scope,
  outcome,
  code: `MODEL_${scope}`,
  error: undefined,
});

export interface ModelBroker {
  readonly log: Appended[];
  readonly weather: BrokerWeather;
  /** A publisher of one process. `kill` drops what it has not appended; `settle` gives outcomes in time, `late` the truth after it. */
  publisher(name: string): {
    send(rows: readonly ClaimedRow[], on: SendHandlers): void;
    kill(): void;
  };
}

export interface SendHandlers {
  readonly settle: (outcomes: { index: number; outcome: PublishOutcome }[], ended: boolean) => void;
  readonly late: (row: ClaimedRow, outcome: PublishOutcome) => void;
}

interface Plan {
  readonly outcome: PublishOutcome;
  readonly append: 'no' | 'now' | 'later';
  /** The truth comes after the end of the call. */
  readonly late: boolean;
}

const NOT_SENT: Plan = { outcome: failure('broker', 'not-sent'), append: 'no', late: false };

export const modelBroker = (
  queue: EventQueue,
  random: () => number,
  faultsOf: (row: ClaimedRow) => boolean,
): ModelBroker => {
  const log: Appended[] = [];
  const weather: BrokerWeather = {
    downUntilMs: 0,
    laneRatio: 0,
    lostAckRatio: 0,
    lateRatio: 0,
    cutOff: new Set(),
    topics: new Map(),
  };

  /** Appended or not, at once or later: what an outcome of `unknown` can mean. */
  const somehow = (): 'now' | 'later' => (random() < 0.5 ? 'now' : 'later');

  const planWhileDown = (): Plan => {
    const unsure = random() < 0.3;
    const append = unsure && random() < 0.5 ? 'now' : 'no';
    return { outcome: failure('broker', unsure ? 'unknown' : 'not-sent'), append, late: false };
  };

  const planWhileUp = (row: ClaimedRow): Plan => {
    if (faultsOf(row)) return { outcome: failure('record', 'rejected'), append: 'no', late: false };
    if (random() < weather.laneRatio) return { outcome: failure('lane', 'rejected'), append: 'no', late: false };
    if (random() < weather.lostAckRatio)
      return { outcome: failure(random() < 0.3 ? 'record' : 'lane', 'unknown'), append: somehow(), late: false };
    if (random() < weather.lateRatio) return { outcome: failure('lane', 'unknown'), append: somehow(), late: true };
    return { outcome: { ok: true }, append: 'now', late: false };
  };

  const plan = (row: ClaimedRow, by: string): Plan => {
    if (weather.cutOff.has(by)) return NOT_SENT;
    if (queue.now() < weather.downUntilMs) return planWhileDown();
    const isRefused = (weather.topics.get(row.record.topic) ?? 0) > queue.now();
    return isRefused ? { outcome: failure('topic', 'rejected'), append: 'no', late: false } : planWhileUp(row);
  };

  const plansOf = (rows: readonly ClaimedRow[], by: string): readonly Plan[] => {
    const failed = new Set<string>();
    return rows.map((row) => {
      if (failed.has(unitOf(row))) return NOT_SENT;
      const planned = plan(row, by);
      if (!planned.outcome.ok) failed.add(unitOf(row));
      return planned;
    });
  };

  return {
    log,
    weather,
    publisher: (name) => {
      let alive = true;
      /** Copies that are on their way after their call was answered, by key: the fence of P3. */
      const wandering = new Map<string, ClaimedRow[]>();
      const append = (row: ClaimedRow): void => {
        log.push({ row, by: name });
      };
      const land = (unit: string): void => {
        const rows = wandering.get(unit) ?? [];
        wandering.delete(unit);
        for (const row of rows) append(row);
      };
      const appendBefore = (rows: readonly ClaimedRow[], plans: readonly Plan[]): number[] =>
        rows.map((row, index) => {
          land(unitOf(row));
          const planned = plans[index];
          if (planned?.append === 'now') append(row);
          if (planned?.append === 'later') wandering.set(unitOf(row), [...(wandering.get(unitOf(row)) ?? []), row]);
          return index;
        });
      return {
        send: (rows, on) => {
          // What the process has handed over goes out in one piece or in two: a death between them cuts the call.
          const cut = Math.floor(random() * (rows.length + 1));
          const plans = plansOf(rows, name);
          const answer = (indexes: number[], ended: boolean): void => {
            on.settle(
              indexes.flatMap((index) => {
                const outcome = plans[index]?.outcome;
                return outcome === undefined ? [] : [{ index, outcome }];
              }),
              ended,
            );
          };
          queue.after(random() * 20, () => {
            if (!alive) return;
            const first = appendBefore(rows.slice(0, cut), plans.slice(0, cut));
            if (random() < 0.5) queue.after(random() * 20, () => answer(first, false));
          });
          queue.after(20 + random() * 60, () => {
            if (!alive) return;
            appendBefore(rows.slice(cut), plans.slice(cut));
            queue.after(random() * 40, () =>
              answer(
                rows.map((_, index) => index),
                true,
              ),
            );
          });
          for (const [index, planned] of plans.entries()) {
            const row = rows[index];
            if (row === undefined || planned.append === 'no') continue;
            if (planned.append === 'later') queue.after(150 + random() * 1_500, () => alive && land(unitOf(row)));
            if (planned.late) queue.after(1_700 + random() * 2_000, () => alive && on.late(row, { ok: true }));
          }
        },
        kill: () => {
          alive = false;
          // A copy that had left the process may still land, or not.
          for (const unit of wandering.keys()) if (random() < 0.5) land(unit);
        },
      };
    },
  };
};
