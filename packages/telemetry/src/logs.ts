import { LOG_CATALOG, isLogged, type LogEntry } from './catalog/logs.ts';
import { correlationFields } from './correlation.ts';
import { loggedError, scalarsOf, sentenceOf, type LogRecord } from './log-record.ts';
import type { LogSink } from './log-sinks.ts';
import type { ResolvedOptions } from './options.ts';
import { RateLimit } from './rate-limit.ts';
import { fieldOf, textOf } from './read-field.ts';
import type { TelemetryCounters } from './stats.ts';

type Listener = (message: unknown) => void;

/** Makes log records of messages, in the async context of whoever published them, and writes them to one sink. */
export class LogWriter {
  readonly #options: ResolvedOptions;
  readonly #counters: TelemetryCounters;
  readonly #sink: LogSink;
  readonly #limit = new RateLimit();

  constructor(options: ResolvedOptions, sink: LogSink, counters: TelemetryCounters) {
    this.#options = options;
    this.#sink = sink;
    this.#counters = counters;
  }

  /** The channels of the wanted level, with what to do about their messages. */
  listeners(): readonly (readonly [channel: string, listener: Listener])[] {
    return LOG_CATALOG.filter((entry) => isLogged(entry.level, this.#options.logLevel)).map(
      (entry) =>
        [`busbar:${entry.component}:${entry.event}`, (message: unknown) => this.#onMessage(entry, message)] as const,
    );
  }

  #onMessage(entry: LogEntry, message: unknown): void {
    if (entry.only !== undefined && fieldOf(message, entry.only.field) !== entry.only.is) return;
    const instance = textOf(message, 'name') ?? textOf(message, 'pool') ?? '';
    const suppressed =
      entry.exempt === true
        ? 0
        : this.#limit.take(`${entry.component}:${entry.event}:${instance}`, this.#options.clock.now());
    if (suppressed === undefined) {
      this.#counters.logsSuppressed += 1;
      return;
    }
    this.#write(this.#recordOf(entry, message, { instance, suppressed }));
  }

  #recordOf(
    entry: LogEntry,
    message: unknown,
    { instance, suppressed }: { readonly instance: string; readonly suppressed: number },
  ): LogRecord {
    const error = loggedError(fieldOf(message, 'error'));
    const eventId = textOf(message, 'eventId');
    return {
      timestamp: new Date(this.#options.wallClock()).toISOString(),
      level: entry.level,
      event: `busbar.${entry.component}.${entry.event}`,
      message: sentenceOf(entry.message, message),
      component: entry.component,
      instance,
      ...correlationFields(),
      ...this.#options.correlation(),
      ...(eventId === undefined ? {} : { event_id: eventId }),
      attributes: { ...scalarsOf(message, entry.attributes), ...(suppressed === 0 ? {} : { suppressed }) },
      ...(error === undefined ? {} : { error }),
    };
  }

  #write(record: LogRecord): void {
    try {
      this.#sink.write(record);
    } catch {
      // A log that cannot be written must not reach the caller whose operation it is about.
      this.#counters.sinkErrors += 1;
    }
  }
}
