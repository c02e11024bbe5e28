import { isBusbarError } from './brand.ts';
import { firstElements, isArray, isInstanceOf, isObjectLike, readProperty, readString } from './safe-read.ts';
import { scrub } from './scrub.ts';

// What of an error that is not ours may be shown. Messages of other libraries quote input: the text around a syntax
// fault, the URL with its password, the duplicate key, the rejected value. Each known offender gets a text of ours.

const MAX_MESSAGE_CHARS = 500;
const MAX_LISTED_ERRORS = 3;
/** No text is looked at further than this: far more than is shown, so that no secret before the cut goes unnoticed. */
const MAX_SCANNED_CHARS = 8_192;

/** Scalars of foreign errors that may be shown. Never `detail`, `where`, `hint`, `query`, `parameters`, nor any object. */
export const FOREIGN_FIELDS = [
  'code',
  'syscall',
  'errno',
  'address',
  'port',
  'hostname',
  'severity',
  'schema',
  'table',
  'column',
  'constraint',
  'routine',
  'type',
  'broker',
  'host',
  'retriable',
  'status',
  'statusCode',
] as const;

/** Errors of validation libraries: their messages quote the values they refuse. */
const VALIDATION_ERRORS: ReadonlySet<string> = new Set([
  'ValiError', // valibot
  'ArkErrors', // arktype
  'TraversalError', // arktype, thrown
  'ZodError',
  '$ZodError',
  'AssertError', // TypeBox
  'ParseError', // TypeBox
  'ValidationError', // ajv, joi, yup
]);

/** Errors of query builders whose messages hold the parameters. */
const QUERY_ERRORS: ReadonlySet<string> = new Set(['DrizzleQueryError', 'PrismaClientValidationError']);

/** The five-character code of a PostgreSQL error, told by its severity; `undefined` for everything else. */
export const sqlStateOf = (value: unknown): string | undefined => {
  const code = readString(value, 'code');
  if (code === undefined || readString(value, 'severity') === undefined) return undefined;
  return /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
};

/** Whether a value reads like an error: it has a message. Errors of other realms and error-shaped objects do. */
export const isErrorLike = (value: unknown): value is object =>
  isObjectLike(value) && (readString(value, 'message') !== undefined || isInstanceOf(value, Error));

/** The name under which a foreign value is shown: that of an error, `Object`, or the type of a primitive. */
export const foreignName = (value: unknown): string => {
  if (!isObjectLike(value)) return value === null ? 'null' : typeof value;
  if (!isErrorLike(value)) return 'Object';
  return identifier(readString(value, 'name')) ?? constructorName(value) ?? 'Error';
};

/** The message that may be shown for a foreign value, with its cut marked by an ellipsis. */
export const foreignMessage = (value: unknown): { readonly text: string; readonly cut: boolean } => {
  if (isErrorLike(value)) return limit(messageOfError(value), MAX_MESSAGE_CHARS);
  if (isObjectLike(value)) return { text: '[object]', cut: false };
  return limit(scrubbed(String(value)), MAX_MESSAGE_CHARS);
};

const messageOfError = (error: object): string => {
  const message = readString(error, 'message') ?? '';
  const names = [readString(error, 'name'), constructorName(error)];
  if (readString(error, 'code') === 'ERR_INVALID_URL') return 'invalid URL';
  const sqlState = sqlStateOf(error);
  if (sqlState !== undefined) return `SQLSTATE ${sqlState}`;
  if (names.some((name) => name !== undefined && VALIDATION_ERRORS.has(name))) return issueCount(error, message);
  if (names.some((name) => name !== undefined && QUERY_ERRORS.has(name))) return 'query failed';
  if (names.includes('SyntaxError') && message.includes('JSON')) return jsonFault(message);
  return scrubbed(message === '' ? listedErrors(error) : message);
};

/** The beginning of a foreign text without what looks like a secret. */
export const scrubbed = (text: string): string => scrub(text.slice(0, MAX_SCANNED_CHARS));

/** `invalid JSON`, and where, if the parser says so at the end of its message: what stands before may be quoted input. */
const jsonFault = (message: string): string => {
  const position = /JSON at position (\d{1,15})(?: \(line \d{1,15} column \d{1,15}\))?$/.exec(message)?.[1];
  return position === undefined ? 'invalid JSON' : `invalid JSON at position ${position}`;
};

const issueCount = (error: object, message: string): string => {
  if (/^\d{1,9} issues?$/.test(message)) return message; // an error that was sanitised and revived
  const behind = readProperty(error, 'cause'); // where TypeBox keeps them
  const lists = ['issues', 'errors', 'details', 'inner'].map((key) => readProperty(error, key));
  const issues = [...lists, readProperty(behind, 'errors')].find((list) => isArray(list));
  const count = readProperty(issues, 'length');
  if (typeof count !== 'number') return 'validation failed';
  return count === 1 ? '1 issue' : `${count} issues`;
};

/** An AggregateError of several connection attempts has an empty message: the attempts say it. */
const listedErrors = (error: object): string =>
  firstElements(readProperty(error, 'errors'), MAX_LISTED_ERRORS)
    .map((part) => causeSummary(part))
    .filter((summary) => summary !== undefined)
    .join(', ');

/**
 * What may be said of a cause in the message above it: its code and the address, else its name.
 * An uncaught error is printed without its cause, so this is all that is left of it there.
 */
export const causeSummary = (cause: unknown): string | undefined => {
  if (cause === undefined) return undefined;
  const sqlState = sqlStateOf(cause);
  if (sqlState !== undefined) return `SQLSTATE ${sqlState}`;
  const code = identifier(readString(cause, 'code'));
  if (code === undefined) return foreignName(cause) === 'Error' ? undefined : foreignName(cause); // says nothing
  if (isBusbarError(cause)) return code;
  const address = addressOf(cause) ?? addressOf(firstElements(readProperty(cause, 'errors'), 1)[0]);
  return address === undefined ? code : `${code} ${address}`;
};

const addressOf = (error: unknown): string | undefined => {
  const host = readString(error, 'address') ?? readString(error, 'hostname');
  if (host === undefined || !/^[\w.:-]{1,255}$/.test(host)) return undefined;
  const port = readProperty(error, 'port');
  return typeof port === 'number' ? `${host}:${port}` : host;
};

const constructorName = (value: object): string | undefined =>
  identifier(readString(readProperty(value, 'constructor'), 'name'));

/** Names and codes are shown as they are, so nothing but a name or a code may stand there. */
export const identifier = (text: string | undefined): string | undefined =>
  text !== undefined && /^[\w$.-]{1,64}$/.test(text) ? text : undefined;

/** At most that many characters, the last one an ellipsis where something was cut. */
export const limit = (text: string, maxChars: number): { readonly text: string; readonly cut: boolean } =>
  text.length <= maxChars ? { text, cut: false } : { text: `${text.slice(0, maxChars - 1)}…`, cut: true };
