import { sqlBytes, textOf, type SqlBytes } from '../../src/guard/sql-bytes.ts';
import {
  FIRST_KEYWORD,
  NAME,
  NUMBER,
  OPERATOR,
  PARAMETER,
  QUOTED_NAME,
  SIGN,
  STRING,
  TILDE_OPERATOR,
} from '../../src/guard/token-types.ts';
import { Tokenizer } from '../../src/guard/tokenizer.ts';
import { FIELDS, isLastBatch, START, STOP, tokens, TYPE } from '../../src/guard/tokens.ts';

export interface FoundToken {
  readonly kind: string;
  readonly text: string;
  /** In bytes. */
  readonly start: number;
}

const KINDS: readonly (readonly [kind: string, types: readonly number[]])[] = [
  ['word', [NAME]],
  ['quoted-name', [QUOTED_NAME]],
  ['string', [STRING]],
  ['number', [NUMBER]],
  ['parameter', [PARAMETER]],
  ['operator', [OPERATOR, SIGN, TILDE_OPERATOR]],
];

const kindOf = (type: number): string => {
  if (type >= FIRST_KEYWORD) return 'word';
  return KINDS.find(([, types]) => types.includes(type))?.[0] ?? 'punctuation';
};

/** Calls `onToken` with the place of each token in `tokens.fields`. */
export const readTokens = (sql: SqlBytes, onToken: (token: number) => void): Tokenizer => {
  const tokenizer = new Tokenizer();
  tokenizer.begin(sql);
  do {
    tokenizer.read();
    for (let index = 0; index < tokens.count; index += 1) onToken(index * FIELDS);
  } while (!isLastBatch());
  tokenizer.end();
  return tokenizer;
};

export const tokensOf = (text: string): readonly FoundToken[] => {
  const sql = sqlBytes(text);
  const found: FoundToken[] = [];
  readTokens(sql, (token) => {
    const [type = 0, start = 0, end = 0] = [TYPE, START, STOP].map((field) => tokens.fields[token + field]);
    found.push({ kind: kindOf(type), text: textOf(sql, start, end), start });
  });
  return found;
};
