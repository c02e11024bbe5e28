/** The driver's mapping of JavaScript values to parameters; `pg-cursor` and `pg-query-stream` import it as well. */
declare module 'pg/lib/utils.js' {
  const utils: { prepareValue(value: unknown): string | Buffer | null };
  export default utils;
}
