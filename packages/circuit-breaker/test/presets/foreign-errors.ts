/** Errors as the clients of PostgreSQL and Kafka make them. */

/** As `pg` makes it of an ErrorResponse. */
export const postgresError = (code: string): Error =>
  Object.assign(new Error('server says no'), { name: 'error', severity: 'ERROR', code });

export const systemError = (code: string): Error =>
  Object.assign(new Error(`connect ${code}`), { code, syscall: 'connect', errno: -1 });

/** As kafkajs makes it of an error code in a response. */
export const protocolError = (code: number): Error =>
  Object.assign(new Error('the broker says no'), {
    name: 'KafkaJSProtocolError',
    code,
    type: 'SOME_ERROR',
    retriable: false,
  });

export const kafkaJsError = (name: string, cause?: unknown): Error =>
  Object.assign(new Error(name, { cause }), { name, retriable: false });

/** As `@busbar/producer-pool` makes it. */
export const poolError = (code: string, details: object = {}): Error =>
  Object.assign(new Error(code), {
    code: `BUSBAR_PRODUCER_${code}`,
    details: { pool: 'kafka', scope: 'broker', ...details },
  });
