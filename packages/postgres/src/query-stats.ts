/**
 * What each statement has cost, by fingerprint, in bounded memory.
 *
 * Invariants: at most `limit` statements are told apart; the rest is one row, `other`. Whatever is recorded is in exactly one row, so the sums over
 * all rows are those of all statements ever. Who makes room is chosen as by a clock: the row that comes up gives up half of the uses it has
 * gathered since, and goes when it has none; so one-time statements displace each other, not those in use.
 */
import { withoutLogins } from './guard/shown-verdict.ts';
import type { Operation } from './guard/statement-words.ts';
import type { Verdict } from './guard/verdict.ts';
import { LatencySketches } from './latency-sketch.ts';

export interface QueryStats {
  /** Of {@link Verdict}; `other` for all statements that are not told apart any more. */
  readonly fingerprint: string;
  readonly summary: string;
  readonly operation: Operation | 'mixed';
  readonly score: number;
  readonly count: number;
  readonly errors: number;
  readonly rows: number;
  /** Sum of the times from the turn of a statement to its answer; waiting for a connection is not in it. */
  readonly totalMs: number;
  /** Upper bounds, at most 19 % too high. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface TopQueriesOptions {
  /** Default: 20. */
  readonly limit?: number;
  /** Default: `total`. */
  readonly by?: 'total' | 'p99' | 'errors' | 'score';
}

export interface QuerySample {
  readonly durationMs: number;
  readonly rows: number;
  readonly failed: boolean;
}

interface Row {
  readonly sketch: number;
  readonly summary: string;
  readonly operation: Operation | 'mixed';
  readonly score: number;
  count: number;
  errors: number;
  rows: number;
  totalMs: number;
  maxMs: number;
  /** Uses that count for staying. */
  heat: number;
}

const DEFAULT_LIMIT = 20;
const MAX_HEAT = 255;
const OTHER_SKETCH = 0;

const createRow = (sketch: number, about: Pick<Row, 'summary' | 'operation' | 'score'>): Row => ({
  sketch,
  summary: about.summary,
  operation: about.operation,
  score: about.score,
  count: 0,
  errors: 0,
  rows: 0,
  totalMs: 0,
  maxMs: 0,
  heat: 0,
});

const KEYS: Readonly<Record<NonNullable<TopQueriesOptions['by']>, 'totalMs' | 'p99Ms' | 'errors' | 'score'>> = {
  total: 'totalMs',
  p99: 'p99Ms',
  errors: 'errors',
  score: 'score',
};

export class QueryStatistics {
  readonly #limit: number;
  readonly #rows = new Map<string, Row>();
  readonly #other = createRow(OTHER_SKETCH, { summary: '', operation: 'mixed', score: 0 });
  readonly #sketches: LatencySketches;

  constructor(limit: number) {
    this.#limit = limit;
    this.#sketches = new LatencySketches(limit + 1);
  }

  record(verdict: Verdict, sample: QuerySample): void {
    const row = this.#rows.get(verdict.fingerprint) ?? this.#add(verdict);
    row.count += 1;
    row.rows += sample.rows;
    row.totalMs += sample.durationMs;
    if (sample.failed) row.errors += 1;
    if (sample.durationMs > row.maxMs) row.maxMs = sample.durationMs;
    if (row.heat < MAX_HEAT) row.heat += 1;
    this.#sketches.record(row.sketch, sample.durationMs);
  }

  /** The rows with the most of something, descending; `other` is one of them once it holds anything. */
  top(o: TopQueriesOptions = {}): QueryStats[] {
    const { limit = DEFAULT_LIMIT, by = 'total' } = o;
    const all = [...this.#rows].map(([fingerprint, row]) => this.#report(fingerprint, row));
    if (this.#other.count > 0) all.push(this.#report('other', this.#other));
    const key = KEYS[by];
    return all.toSorted((a, b) => b[key] - a[key]).slice(0, limit);
  }

  #add(verdict: Verdict): Row {
    const sketch = this.#rows.size < this.#limit ? this.#rows.size + 1 : this.#makeRoom();
    const row = createRow(sketch, withoutLogins(verdict));
    this.#rows.set(verdict.fingerprint, row);
    return row;
  }

  /** Folds a row into `other`; its sketch is free then. */
  #makeRoom(): number {
    let free = OTHER_SKETCH;
    for (const [fingerprint, row] of this.#rows) {
      this.#rows.delete(fingerprint);
      if (row.heat <= 1) {
        this.#fold(row);
        free = row.sketch;
        break;
      }
      row.heat >>>= 1;
      this.#rows.set(fingerprint, row); // behind the others: a map iterates over what is added while it runs
    }
    return free;
  }

  #fold(row: Row): void {
    const other = this.#other;
    other.count += row.count;
    other.errors += row.errors;
    other.rows += row.rows;
    other.totalMs += row.totalMs;
    other.maxMs = Math.max(other.maxMs, row.maxMs);
    this.#sketches.move(row.sketch, OTHER_SKETCH);
  }

  #report(fingerprint: string, row: Row): QueryStats {
    const { sketch, heat: _heat, ...numbers } = row;
    const [p50Ms = 0, p95Ms = 0, p99Ms = 0] = this.#sketches.quantiles(sketch, [0.5, 0.95, 0.99], row);
    return { fingerprint, ...numbers, p50Ms, p95Ms, p99Ms };
  }
}
