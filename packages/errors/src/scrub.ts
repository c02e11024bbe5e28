// Takes secrets out of text that somebody else wrote: one pass with bounded look-ahead and no regular expressions, so
// that no input makes it slow. It errs on the side of hiding: a false alarm costs a word, a miss costs a password.
//
// Hidden are: the user-info of URLs, `user:password@host` without a scheme, the value after a sensitive name and `=` or
// `:`, what follows `Bearer`, and PEM blocks.

const HIDDEN = '[redacted]';
const SENSITIVE_NAMES = ['password', 'passwd', 'pwd', 'secret', 'token', 'apikey', 'api_key', 'api-key'] as const;
const BEARER = 'bearer';
const PEM_BEGIN = '-----begin';
const PEM_END = '-----end';
/** No user-info is searched for further than this: it keeps the pass linear. */
const LOOK_AHEAD = 1_024;

interface Span {
  readonly from: number;
  readonly to: number;
}

type Detector = (text: string, at: number) => Span | undefined;

/** The text with everything that looks like a secret replaced by `[redacted]`. Takes time linear in its length. */
export const scrub = (text: string): string => {
  let clean = '';
  let done = 0;
  for (let at = 0; at < text.length;) {
    const span = secretAt(text, at);
    if (span === undefined) at += 1;
    else {
      clean += text.slice(done, span.from) + HIDDEN;
      done = span.to;
      at = span.to;
    }
  }
  return clean + text.slice(done);
};

// oxlint-disable-next-line complexity -- a table; asked for every character, so faster than a map or than lower-casing
const secretAt: Detector = (text, at) => {
  switch (text.charAt(at)) {
    case '-':
      return pemBlock(text, at);
    case ':':
      return text.startsWith('://', at) ? urlUserInfo(text, at + 3) : bareUserInfo(text, at + 1);
    case 'a':
    case 'A':
      return lineAfterName(text, at) ?? valueAfterName(text, at);
    case 'p':
    case 'P':
    case 's':
    case 'S':
    case 't':
    case 'T':
      return valueAfterName(text, at);
    case 'b':
    case 'B':
      return bearerToken(text, at);
    default:
      return undefined;
  }
};

const pemBlock: Detector = (text, at) => {
  if (!hasWordAt(text, at, PEM_BEGIN)) return undefined;
  for (let end = at + PEM_BEGIN.length; end < text.length; end += 1) {
    if (!hasWordAt(text, end, PEM_END)) continue;
    const close = text.indexOf('-----', end + PEM_END.length);
    return { from: at, to: close === -1 ? text.length : close + 5 };
  }
  return { from: at, to: text.length };
};

/** `from` is the first character after `://`. */
const urlUserInfo: Detector = (text, from) => {
  const authorityEnd = endOf(text, from, isAuthorityEnd);
  const authority = text.slice(from, authorityEnd);
  const colon = authority.startsWith('[') ? -1 : authority.indexOf(':');
  if (colon === -1) {
    const at = authority.lastIndexOf('@');
    return at === -1 ? undefined : { from, to: from + at };
  }
  const hasAt = text.slice(from, from + LOOK_AHEAD).includes('@');
  const isPort = isAllDigits(authority.slice(colon + 1));
  if (!hasAt && isPort) return undefined;
  // A password may contain a slash or another `@`, unencoded: those are the ones that end up in error messages.
  const tokenEnd = endOf(text, from, isTokenEnd);
  const lastAt = text.slice(from, tokenEnd).lastIndexOf('@');
  if (lastAt !== -1) return { from, to: from + lastAt };
  if (isPort) return undefined;
  const laterAt = text.slice(tokenEnd, endOf(text, tokenEnd, isLineEnd)).indexOf('@'); // a password with a space
  return laterAt === -1 ? { from: from + colon + 1, to: tokenEnd } : { from, to: tokenEnd + laterAt };
};

/** `from` is the first character after the colon of what may be `user:password@host`. */
const bareUserInfo: Detector = (text, from) => {
  if (!text.slice(from, from + LOOK_AHEAD).includes('@')) return undefined;
  const end = endOf(text, from, (char) => isTokenEnd(char) || char === '/');
  const at = text.slice(from, end).lastIndexOf('@');
  return at <= 0 ? undefined : { from, to: from + at };
};

const valueAfterName: Detector = (text, at) => {
  const name = SENSITIVE_NAMES.find((candidate) => hasWordAt(text, at, candidate));
  if (name === undefined) return undefined;
  const from = valueStart(text, at + name.length);
  return from === undefined ? undefined : valueSpan(text, from);
};

/** `Authorization: <scheme> <credentials>` and whatever else such a header holds, up to the end of the line. */
const lineAfterName: Detector = (text, at) => {
  const name = 'authorization';
  if (!hasWordAt(text, at, name)) return undefined;
  const from = valueStart(text, at + name.length);
  if (from === undefined) return undefined;
  let to = from;
  while (to < text.length && !isLineEnd(text.charAt(to))) to += 1;
  return to === from ? undefined : { from, to };
};

const bearerToken: Detector = (text, at) => {
  if (!hasWordAt(text, at, `${BEARER} `)) return undefined;
  let from = at + BEARER.length + 1;
  while (text[from] === ' ') from += 1;
  return tokenSpan(text, from);
};

/** Where the value begins after a name, over quotes and brackets that close it and the separator; `undefined` without one. */
const valueStart = (text: string, after: number): number | undefined => {
  let at = after;
  while (isOneOf(text[at], ' \\"\'`])')) at += 1;
  if (!isOneOf(text[at], '=:')) return undefined;
  while (isOneOf(text[at], '=:> \\')) at += 1;
  return at;
};

const valueSpan = (text: string, from: number): Span | undefined => {
  const quote = text[from];
  if (!isOneOf(quote, '"\'`')) return tokenSpan(text, from);
  for (let to = from + 1; to < text.length; to += 1) {
    if (text[to] === '\\') to += 1;
    else if (text[to] === quote) return { from: from + 1, to };
  }
  return { from: from + 1, to: text.length };
};

/** Up to the next white space, since a password may contain any other delimiter; on, where only an announcement stood there. */
const tokenSpan = (text: string, from: number): Span | undefined => {
  let to = tokenEndAfter(text, from);
  while (text[to] === ' ' && announcesMore(text, to)) {
    while (text[to] === ' ') to += 1;
    to = tokenEndAfter(text, to);
  }
  return to === from ? undefined : { from, to };
};

const tokenEndAfter = (text: string, from: number): number => {
  let to = from;
  while (to < text.length && !isSpace(text.charAt(to))) to += 1;
  return to;
};

/** `token: Bearer abc`, `Bearer token= abc`: the secret is still to come. */
const announcesMore = (text: string, end: number): boolean =>
  isOneOf(text[end - 1], '=:') || hasWordAt(text, end - BEARER.length, BEARER);

const endOf = (text: string, from: number, isEnd: (char: string) => boolean): number => {
  const limit = Math.min(text.length, from + LOOK_AHEAD);
  let at = from;
  while (at < limit && !isEnd(text.charAt(at))) at += 1;
  return at;
};

/** Compares ASCII without regard to case, at one place: lower-casing the whole text could change its length. */
const hasWordAt = (text: string, at: number, word: string): boolean =>
  text.length - at >= word.length && text.slice(at, at + word.length).toLowerCase() === word;

const isOneOf = (char: string | undefined, set: string): boolean => char !== undefined && set.includes(char);
const isSpace = (char: string): boolean => char === ' ' || char === '\t' || isLineEnd(char);
const isLineEnd = (char: string): boolean => char === '\n' || char === '\r';
const isTokenEnd = (char: string): boolean => isSpace(char) || isOneOf(char, '"\'`<>');
const isAuthorityEnd = (char: string): boolean => isTokenEnd(char) || isOneOf(char, '/?#');
const isAllDigits = (text: string): boolean => endOf(text, 0, (char) => char < '0' || char > '9') === text.length;
