import { Query } from 'pg';

import { isDriverQuery, type DriverQuery } from './driver-query.ts';
import { ArgumentInvalidError } from './usage-errors.ts';

type Callback = (error: Error | undefined, result: unknown) => void;

/** What was given to `query`, in whichever of its forms. */
export interface DriverCall {
  readonly query: DriverQuery;
  readonly text: string;
  /** The caller's own object reports by itself, unless a callback came with it. */
  readonly isOwn: boolean;
  /** The caller's. Called on a fresh stack: what it throws is not ours to catch. */
  readonly callback: Callback | undefined;
  /** What the driver told the object's callback. */
  readonly answer: { readonly error?: unknown; readonly result?: unknown };
}

const isCallback = (given: unknown): given is Callback => typeof given === 'function';
const isStatement = (given: unknown): boolean =>
  typeof given === 'string' || (typeof given === 'object' && given !== null);

const newQuery = (statement: unknown, values: unknown): DriverQuery => {
  const query: unknown = isStatement(statement) ? Reflect.construct(Query, [statement, values]) : undefined;
  if (isDriverQuery(query)) return query;
  throw new ArgumentInvalidError({ argument: 'query', expected: 'a text, or an object with a text' });
};

/** @throws {@link ArgumentInvalidError} for what is no statement */
export const readDriverCall = (statement: unknown, values?: unknown, last?: unknown): DriverCall => {
  const isOwn = isDriverQuery(statement);
  const query = isOwn ? statement : newQuery(statement, isCallback(values) ? undefined : values);
  const callback = [values, last, isOwn ? undefined : Reflect.get(query, 'callback')].find(isCallback);
  const answer: { isGiven?: true; error?: unknown; result?: unknown } = {};
  const note: Callback = (error, result) => {
    if (answer.isGiven === undefined) Object.assign(answer, { isGiven: true, error: error ?? undefined, result });
  };
  if (!isOwn || (callback !== undefined && !isCallback(Reflect.get(query, 'callback'))))
    Reflect.set(query, 'callback', note);
  const { text } = query;
  return {
    query,
    text: typeof text === 'string' ? text : '',
    isOwn,
    answer,
    callback,
  };
};
