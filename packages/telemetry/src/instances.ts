/**
 * The instances that are observed, by the names that key their series.
 *
 * Invariants: a counter never decreases, over instances of one name and over rebinding; a series that was once exported
 * is exported for ever, since the SDK remembers it: a departed instance leaves its counters at their last value and its
 * levels at 0, and a successor of the same name continues them; at most 256 names per component, then `_OTHER`.
 */
import type { Component, Scope } from './catalog/metric-entry.ts';
import { OTHER } from './semconv.ts';
import { Series } from './series.ts';
import type { TelemetryCounters } from './stats.ts';

/** Something with statistics: an instance of one of our packages, or of a look-alike. */
export interface ObservedInstance {
  readonly component: Component;
  readonly name: string;
  stats(): unknown;
  health?(): unknown;
}

/** What is known of an instance; `component` may be this package itself. */
export interface Member {
  readonly component: Scope;
  readonly name: string;
  stats(): unknown;
  health?(): unknown;
}

const MAX_NAMES = 256;
/** Components whose metrics do not tell instances apart. */
const UNNAMED: ReadonlySet<Scope> = new Set<Scope>(['envelope', 'config', 'telemetry']);

export class Instances {
  readonly #series = new Map<Scope, Map<string, Series>>();
  readonly #members = new Map<Member, Series>();
  readonly #counters: TelemetryCounters;

  constructor(counters: TelemetryCounters) {
    this.#counters = counters;
  }

  /** Observes an instance until it is removed; a second live one of a name becomes `name#2`. */
  add(member: Member): Series {
    const series = this.#seriesFor(member);
    series.join(member);
    this.#members.set(member, series);
    return series;
  }

  /** Ends the observation; its counters are read a last time. */
  remove(member: Member): void {
    this.#members.get(member)?.leave(member);
    this.#members.delete(member);
  }

  /** The oldest live instance of a name: who replaces an instance makes the new one first. */
  oldest(component: Scope, name: string): Member | undefined {
    for (const member of this.#members.keys())
      if (member.component === component && member.name === name) return member;
    return undefined;
  }

  members(): Iterable<Member> {
    return this.#members.keys();
  }

  seriesOf(scope: Scope): Iterable<Series> {
    return this.#series.get(scope)?.values() ?? [];
  }

  scopes(): readonly Scope[] {
    return [...this.#series.keys()];
  }

  get size(): number {
    return this.#members.size;
  }

  #seriesFor({ component, name }: Member): Series {
    const byName = this.#series.get(component) ?? new Map<string, Series>();
    this.#series.set(component, byName);
    if (UNNAMED.has(component)) return this.#open(byName, component, '');
    let seriesName = name;
    for (let copy = 2; byName.get(seriesName)?.live === true; copy += 1) seriesName = `${name}#${copy}`;
    if (seriesName !== name) warnOfCopy(component, name, seriesName);
    if (byName.has(seriesName)) return this.#open(byName, component, seriesName);
    if (byName.size < MAX_NAMES) return this.#open(byName, component, seriesName);
    this.#counters.drop('instance-names');
    return this.#open(byName, component, OTHER);
  }

  #open(byName: Map<string, Series>, component: Scope, name: string): Series {
    const known = byName.get(name);
    if (known !== undefined) return known;
    const series = new Series(component, name, this.#counters);
    byName.set(name, series);
    return series;
  }
}

const warnOfCopy = (component: Scope, name: string, seriesName: string): void => {
  const message = `a second live ${component} instance has the name ${name}; its metrics are under ${seriesName}`;
  process.emitWarning(message, { code: 'BUSBAR_TELEMETRY_NAME' });
};
