import type { Attributes } from '@opentelemetry/api';

import type { MetricEntry, Scope } from './catalog/metric-entry.ts';
import { metricEntry, type ObservableName } from './catalog/metrics.ts';
import type { Member } from './instances.ts';
import { sourceOf } from './sources/source-of.ts';
import type { TelemetryCounters } from './stats.ts';

/** One exported series: a metric with fixed attributes, and what is known of its value. */
interface Point {
  readonly entry: MetricEntry;
  readonly metric: ObservableName;
  /** Frozen: the SDK keys the series by it. */
  readonly attributes: Attributes;
  /** What departed members of a counter had counted. */
  retired: number;
  current: number;
  exported: number;
}

export type Observe = (metric: ObservableName, value: number, attributes: Attributes) => void;

/** All points of the instances that share one name. */
export class Series {
  readonly #scope: Scope;
  readonly #name: string;
  readonly #counters: TelemetryCounters;
  readonly #members = new Set<Member>();
  readonly #points = new Map<string, Point>();

  constructor(scope: Scope, name: string, counters: TelemetryCounters) {
    this.#scope = scope;
    this.#name = name;
    this.#counters = counters;
  }

  get live(): boolean {
    return this.#members.size > 0;
  }

  join(member: Member): void {
    this.#members.add(member);
  }

  leave(member: Member): void {
    if (!this.#members.delete(member)) return;
    this.#read(member, (point, value) => {
      if (point.entry.kind === 'counter') point.retired += value;
    });
  }

  /** Reads every member and reports every point ever seen. */
  collect(observe: Observe): void {
    for (const point of this.#points.values()) point.current = 0;
    let sound = true;
    for (const member of this.#members) sound = this.#read(member, add) && sound;
    for (const point of this.#points.values()) {
      // A member that could not be read leaves everything as it was reported last.
      if (sound) point.exported = valueOf(point);
      observe(point.metric, point.exported, point.attributes);
    }
  }

  #read(member: Member, use: (point: Point, value: number) => void): boolean {
    try {
      const stats = member.stats();
      sourceOf(this.#scope)?.(stats, this.#name, (metric, value, attributes) => {
        if (value === undefined || !Number.isFinite(value)) return;
        const point = this.#pointOf(metric, attributes);
        if (point !== undefined) use(point, value);
      });
      return true;
    } catch {
      // Foreign statistics: whatever is wrong with them must not end the collection of all the others. Counted instead.
      this.#counters.sourceErrors += 1;
      return false;
    }
  }

  #pointOf(metric: ObservableName, attributes: Readonly<Record<string, string>>): Point | undefined {
    const key = `${metric}\u0000${Object.values(attributes).join('\u0000')}`;
    const known = this.#points.get(key);
    if (known !== undefined) return known;
    const entry = metricEntry(metric);
    if (entry === undefined) return undefined;
    const point: Point = {
      entry,
      metric,
      attributes: Object.freeze({ ...attributes }),
      retired: 0,
      current: 0,
      exported: 0,
    };
    this.#points.set(key, point);
    return point;
  }
}

/** Levels of several members add up; shares and ages do not: the worst stands for all. */
const add = (point: Point, value: number): void => {
  point.current = point.entry.kind === 'gauge' ? Math.max(point.current, value) : point.current + value;
};

const valueOf = (point: Point): number =>
  point.entry.kind === 'counter' ? Math.max(point.exported, point.retired + point.current) : point.current;
