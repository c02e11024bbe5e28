/*
 * The attributes of an event that is being made (rule C4). What the caller gives wins and is checked; what is inherited
 * from the event being handled, or from the codec's context, is dropped and counted where it is unusable, since the
 * caller cannot help it. What this package generates is right by construction.
 */
import { ATTRIBUTE_LIMITS, attributeFault } from './attributes.ts';
import type { OutgoingEvent } from './binary-codec.ts';
import type { EncodeOptions } from './encode-options.ts';
import { AttributeInvalidError } from './errors.ts';
import type { WireEvent } from './event-catalog.ts';
import { currentEventContext, type EventContext } from './event-context.ts';
import { type ExtensionEntry, extensionEntries } from './extensions.ts';
import { createIdGenerator } from './id.ts';
import type { Issue } from './issue.ts';
import type { ResolvedCodecOptions } from './options.ts';
import { type TraceCarrier, validTrace } from './trace-context.ts';

/** The attributes that do not depend on the data. */
export type GivenAttributes = Omit<OutgoingEvent, 'subject' | 'partitionkey' | 'dataschema'>;

/** Makes the attributes of each event of one codec. */
export class AttributeMaker {
  readonly #options: ResolvedCodecOptions;
  readonly #nextId: () => string;
  readonly #onContextFailure: () => void;

  constructor(options: ResolvedCodecOptions, onContextFailure: () => void) {
    this.#options = options;
    this.#nextId = createIdGenerator(options);
    this.#onContextFailure = onContextFailure;
  }

  /** @throws {@link AttributeInvalidError} with everything that is wrong with the options of the call. */
  make(event: WireEvent, o: EncodeOptions): GivenAttributes {
    const issues: Issue[] = [];
    const ambient = this.#ambient();
    const trace = validTrace(o.trace ?? ambient);
    const id = o.id === undefined ? this.#nextId() : checked('id', o.id, issues);
    const time = timestamp('time', o.time ?? new Date(this.#options.wallClock()), issues);
    const extensions = this.#standardExtensions(o, ambient, issues);
    if (trace.traceparent !== undefined) extensions.push(['traceparent', trace.traceparent]);
    if (o.extensions !== undefined)
      extensions.push(...extensionEntries(this.#options.extensions, o.extensions, issues));
    extensions.push(...this.#options.constants);
    if (o.key !== undefined) checked('key', o.key, issues);
    if (o.subject !== undefined) checked('subject', o.subject, issues);
    if (issues.length > 0) throw new AttributeInvalidError({ event: event.name, issues });
    return { id, source: this.#options.source, type: event.type, time, extensions, trace };
  }

  #ambient(): EventContext & TraceCarrier {
    try {
      return this.#options.context?.() ?? {};
    } catch {
      this.#onContextFailure(); // telemetry must not keep an event from being written
      return {};
    }
  }

  /** The extensions that have an option of their own, in fixed order. */
  #standardExtensions(o: EncodeOptions, ambient: EventContext, issues: Issue[]): ExtensionEntry[] {
    const entries: ExtensionEntry[] = [];
    for (const name of ['correlationid', 'causationid'] as const) {
      const value = o[name] === undefined ? this.#inherited(name, ambient) : checked(name, o[name], issues);
      if (value !== undefined) entries.push([name, value]);
    }
    if (o.expirytime !== undefined) entries.push(['expirytime', timestamp('expirytime', o.expirytime, issues)]);
    if (o.dataref !== undefined) entries.push(['dataref', checked('dataref', o.dataref, issues)]);
    return entries;
  }

  #inherited(name: keyof EventContext, ambient: EventContext): string | undefined {
    const text = currentEventContext()?.[name] ?? ambient[name];
    if (text === undefined || attributeFault(text, ATTRIBUTE_LIMITS.attributeBytes) === undefined) return text;
    this.#onContextFailure();
    return undefined;
  }
}

type CheckedName = 'id' | 'key' | 'subject' | 'correlationid' | 'causationid' | 'dataref';

const limitOf = (name: CheckedName): number => {
  if (name === 'id') return ATTRIBUTE_LIMITS.idBytes;
  return name === 'key' ? ATTRIBUTE_LIMITS.keyBytes : ATTRIBUTE_LIMITS.attributeBytes;
};

/** The text itself; what is wrong with it is added to `issues`. */
function checked(name: CheckedName, text: string, issues: Issue[]): string {
  const fault = attributeFault(text, limitOf(name));
  if (fault !== undefined) issues.push({ path: `/${name}`, message: fault });
  return text;
}

/**
 * A key or subject that a definition's function gave.
 * @throws {@link AttributeInvalidError} when it is no attribute text.
 */
export function computedAttribute(event: WireEvent, name: 'key' | 'subject', value: unknown): string {
  const fault = attributeFault(value, limitOf(name));
  if (fault === undefined && typeof value === 'string') return value;
  throw new AttributeInvalidError({
    event: event.name,
    issues: [{ path: `/${name}`, message: fault ?? 'must be a string' }],
  });
}

const MAX_YEAR = 9_999;

/** RFC 3339 in UTC with milliseconds. Years that the format cannot write are refused. */
function timestamp(name: 'time' | 'expirytime', time: Date, issues: Issue[]): string {
  const year = time instanceof Date ? time.getUTCFullYear() : Number.NaN;
  if (year >= 0 && year <= MAX_YEAR) return time.toISOString();
  issues.push({ path: `/${name}`, message: `must be a valid Date in the years 0 to ${MAX_YEAR}` });
  return '';
}
