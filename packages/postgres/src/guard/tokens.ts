import { NO_SQL, type SqlBytes } from './sql-bytes.ts';
import { END } from './token-types.ts';

/** So few that they stay in the processor's cache between the loops that read them. */
export const BATCH = 512;

/** Numbers that a token takes in `fields`, and which of them is what. */
export const FIELDS = 6;
/** See `token-types.ts`. */
export const TYPE = 0;
/** The token stands in the bytes from its start to its end. */
export const START = 1;
export const STOP = 2;
/** The hash, in two lanes, of what is told of the token. Words that differ only in their case have the same one; so have all values. */
export const FIRST = 3;
export const SECOND = 4;
/** 1 = says what the statement is; 0 = left out, as a repetition or as the sign of a number. */
export const TOLD = 5;

/**
 * Some of the tokens of a text, in its order: the same memory for each batch of each text, since statements are read one at a time.
 *
 * Behind the `count` tokens of a batch stands the one that follows, which is the first of the next batch; `END` behind the last one.
 */
class Tokens {
  /** The text; `NO_SQL` while none is read. */
  sql: SqlBytes = NO_SQL;
  count = 0;
  readonly fields = new Int32Array((BATCH + 1) * FIELDS);
}

export const tokens = new Tokens();

/** A field of a token, by its place in `fields`; 0 outside of them. */
export const fieldAt = (place: number): number => tokens.fields[place] ?? 0;

export const isLastBatch = (): boolean => fieldAt(tokens.count * FIELDS + TYPE) === END;
