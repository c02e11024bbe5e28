import { hideLogins } from './known-secrets.ts';
import type { ServerErrorDetails } from './server-errors.ts';

// Which words of the server may be shown. An allow-list: `detail` repeats the row ("Key (email)=(…)"), `where` a data line, 22P02 the value.

/** SQLSTATEs whose messages are fixed texts of the server or name only objects of the schema. */
const VALUE_FREE = new Set(
  (
    '25001 25006 25P01 25P02 25P03 25P04 28000 28P01 3D000 3F000 40001 40P01 42501 42601 42703 42883 42P01 42P07 ' +
    '53100 53200 53300 53400 55P03 57014 57P01 57P02 57P03 57P05'
  ).split(' '),
);

/** Of these the server quotes what it met, which can be a literal of the statement: only the plain words in front of that are shown. */
const QUOTES_THE_STATEMENT = new Set(['42601', '42703', '42883']);

/** Letters, digits, blank and the marks of a sentence. Languages differ in their quotation marks; none of them uses these. */
const isPlain = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 32 || code === 44;

const plainWords = (message: string): string => {
  let end = 0;
  while (end < message.length && isPlain(message.charCodeAt(end))) end += 1;
  return message.slice(0, end);
};

const MAX_TEXT = 200;

/** The server's message where it cannot hold a value of the caller, else nothing. Inside a function, which `where` tells, it can. */
export const safeServerText = (sqlState: string, message: string | undefined): string | undefined => {
  if (message === undefined || !VALUE_FREE.has(sqlState)) return undefined;
  const shown = QUOTES_THE_STATEMENT.has(sqlState) ? plainWords(message) : message;
  const text = hideLogins(shown.trim(), MAX_TEXT);
  return text === '' ? undefined : text;
};

const TEMPLATES: Readonly<Record<string, string>> = {
  '22001': 'a text is too long for its column',
  '22003': 'a number is out of range',
  '22012': 'division by zero',
  '22P02': 'a value is not valid for its type',
  '23502': 'a required column is null',
  '23503': 'a foreign key does not hold',
  '23505': 'a unique constraint does not hold',
  '23514': 'a check constraint does not hold',
  '23P01': 'an exclusion constraint does not hold',
};

/** The message of a server error: a template, the safe part of the server's own words, and where it happened. */
export const serverMessage = (details: ServerErrorDetails): string => {
  const { sqlState, text, schema, table, column, constraint } = details;
  if (sqlState === undefined) return 'a value of the reply could not be read';
  const what = TEMPLATES[sqlState] ?? text ?? 'the server refused the statement';
  const name = [schema, table, column].filter((part) => part !== undefined).join('.');
  const where = [
    name === '' ? undefined : `at ${name}`,
    constraint === undefined ? undefined : `constraint "${constraint}"`,
  ];
  return [`${what} (SQLSTATE ${sqlState})`, ...where.filter((part) => part !== undefined)].join(', ');
};
