import type { LatencyRecorder } from './latency.ts';
import { milliseconds } from './live-view.ts';
import type { Verdict } from './verdict.ts';

export interface DemoFacts {
  readonly verdict: Verdict;
  readonly rolledBack: number;
  readonly repeatedCalls: number;
  /** `Apache Kafka 4.3.1 (maven)`, or what stood in for it. */
  readonly broker: string;
  /** What was killed, with its pid where it has one; undefined when nothing was ours to kill. */
  readonly killed: string | undefined;
  readonly brokerStayedDead: boolean;
  readonly http: { readonly before: LatencyRecorder; readonly dead: LatencyRecorder; readonly after: LatencyRecorder };
  readonly delivery: Readonly<
    Record<'before' | 'after', { readonly p50: number | undefined; readonly p99: number | undefined }>
  >;
  readonly wallMs: number;
}

const times = (ratio: number | undefined): string => (ratio === undefined ? '' : ` (${ratio.toFixed(2)} × before)`);

const httpLines = ({ before, dead, after }: DemoFacts['http']): string[] => {
  const base = before.p99();
  const whileDead = dead.p99();
  return [
    `POST /orders p99    before ${milliseconds(base)} · broker dead ${milliseconds(whileDead)}` +
      `${times(base === undefined || whileDead === undefined ? undefined : whileDead / base)} · after ${milliseconds(after.p99())}`,
    `  highest p99 of one second while the broker was dead ${milliseconds(dead.highestP99OfASecond())}, before ${milliseconds(before.highestP99OfASecond())}`,
  ];
};

/** The final report: what was done, what the verifier found, what it cost. */
export const reportLines = (facts: DemoFacts): readonly string[] => {
  const { verdict, delivery } = facts;
  const proven = facts.brokerStayedDead
    ? `committed = delivered ∪ outbox: ${verdict.committed} committed, ${verdict.delivered} delivered, ${verdict.inOutbox} in busbar.outbox`
    : `committed = delivered: ${verdict.committed} committed, ${verdict.delivered} in the log`;
  return [
    '',
    `broker              ${facts.broker}${facts.killed === undefined ? '; not ours to kill' : `; killed: ${facts.killed}`}`,
    `orders              ${proven}`,
    `rolled back         ${facts.rolledBack} orders, ${verdict.ok ? 'none' : 'see below'} in the log; HTTP calls repeated: ${facts.repeatedCalls}`,
    `order per key       ${verdict.customers} customers, customerSeq 1, 2, 3, … ${verdict.ok ? 'for each of them' : '– see below'}`,
    `duplicates          ${verdict.duplicates}; dead letters ${verdict.deadLetters}`,
    `commit → ack        before the outage p50 ≤ ${milliseconds(delivery.before.p50)}, p99 ≤ ${milliseconds(delivery.before.p99)}; ` +
      `since p50 ≤ ${milliseconds(delivery.after.p50)}, p99 ≤ ${milliseconds(delivery.after.p99)}`,
    ...httpLines(facts.http),
    `wall time           ${(facts.wallMs / 1000).toFixed(1)} s`,
    '',
    ...(verdict.ok
      ? ['PROVEN: nothing lost, nothing invented, order per key kept']
      : verdict.problems.map((text) => `BROKEN: ${text}`)),
  ];
};
