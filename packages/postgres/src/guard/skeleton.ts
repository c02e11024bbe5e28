import { learnMeanings } from './meanings.ts';
import { Normalizer } from './normalize.ts';
import { sqlBytes, textOf } from './sql-bytes.ts';
import { PARAMETER, QUOTED_NAME, STRING } from './token-types.ts';
import { Tokenizer } from './tokenizer.ts';
import { fieldAt, FIELDS, isLastBatch, START, STOP, TOLD, tokens, TYPE } from './tokens.ts';

/** In place of a quoted name: it can be a value whose quotes were mistaken. */
const QUOTED = '"?"';

const shown = (token: number): string => {
  const { sql } = tokens;
  const type = fieldAt(token + TYPE);
  if (type === QUOTED_NAME) return QUOTED;
  return type >= STRING && type <= PARAMETER ? '?' : textOf(sql, fieldAt(token + START), fieldAt(token + STOP));
};

/** The statement without its literals, quoted names and comments, at most `maxChars` long and a little of its last word. */
export const statementSkeleton = (text: string, maxChars: number): string => {
  learnMeanings();
  const tokenizer = new Tokenizer();
  const normalizer = new Normalizer();
  const pieces: string[] = [];
  let chars = 0;
  tokenizer.begin(sqlBytes(text));
  do {
    tokenizer.read();
    normalizer.read();
    for (let token = 0; token < tokens.count * FIELDS && chars <= maxChars + 1; token += FIELDS) {
      if (fieldAt(token + TOLD) === 0) continue;
      const piece = shown(token);
      pieces.push(piece);
      chars += piece.length + 1;
    }
  } while (!isLastBatch() && chars <= maxChars + 1);
  tokenizer.end();
  const whole = pieces.join(' ');
  return whole.length <= maxChars ? whole : `${whole.slice(0, maxChars - 1)}…`;
};
