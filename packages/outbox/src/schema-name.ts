/** Lower-case identifier without quotes; it goes into the SQL as it is. */
const IDENTIFIER = /^[a-z_][a-z0-9_]{0,62}$/;

export const isSchemaName = (name: unknown): name is string => typeof name === 'string' && IDENTIFIER.test(name);

/** The SQL of this package is written for the schema `busbar`; this puts another name in its place. */
export const inSchema = (sql: string, schema: string): string =>
  schema === 'busbar' ? sql : sql.replaceAll(/\bbusbar(?=\.)|(?<=create schema if not exists )busbar\b/g, schema);
