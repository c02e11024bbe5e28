import type { LogRecord } from './log-record.ts';

/** Takes log records; it must not block. What it throws is counted. */
export interface LogSink {
  write(record: LogRecord): void;
}

export interface NdjsonSinkOptions {
  /** Default: standard error. */
  readonly stream?: { write(text: string): unknown };
}

/** Writes each record as one line of JSON. */
export const ndjsonSink = ({ stream = process.stderr }: NdjsonSinkOptions = {}): LogSink => ({
  write: (record) => {
    stream.write(`${JSON.stringify(record)}\n`);
  },
});

/** The methods of a pino logger, or of any logger that takes fields and a message. */
export interface PinoLike {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Hands each record to a pino logger, which sets time and level itself. */
export const pinoSink = (logger: PinoLike): LogSink => ({
  write: ({ timestamp: _timestamp, level, message, ...fields }) => logger[level](fields, message),
});
