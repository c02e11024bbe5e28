// What a token is, as a small number: a sort of token or, from FIRST_KEYWORD on, a keyword (`keywords.ts`).

/** Behind the last token; in front of the first one, too. */
export const END = 0;
/** A word without quotes that is no keyword. */
export const NAME = 1;
/** Every form of string: `'…'`, `E'…'`, `U&'…'`, `B'…'`, `X'…'`, `$tag$…$tag$`. The first of the values. */
export const STRING = 2;
export const NUMBER = 3;
/** `$1`. The last of the values. */
export const PARAMETER = 4;
export const QUOTED_NAME = 5;
/** Any operator but the next two. */
export const OPERATOR = 6;
/** `+` or `-`, alone. */
export const SIGN = 7;
/** An operator that begins with `~` or `!`. */
export const TILDE_OPERATOR = 8;
/** Colon, one of `::` `:=`; what stands for nothing, too. */
export const PUNCTUATION = 9;
/** `.` or `..` */
export const DOT = 10;
/** Parenthesis or bracket. */
export const OPEN = 11;
export const CLOSE = 12;
export const COMMA = 13;
export const SEMICOLON = 14;
/** Blanks and comments; never told. */
export const BLANK = 15;

export const FIRST_KEYWORD = 16;
/** A power of two above all of them. */
export const TYPES = 128;
