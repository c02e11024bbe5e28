/**
 * One thing that is wrong with an event, a definition or an option. Says where and what was expected, never what was
 * found: an issue may be logged.
 */
export type Issue = {
  /** JSON pointer (RFC 6901) into the data, the structured event or the options; `''` is the root. Cut after 512 characters. */
  readonly path: string;
  readonly message: string;
  /** The JSON Schema type, format or token that would have been right. */
  readonly expected?: string;
  /** Line of the text, 1-based; only for text that is no JSON. */
  readonly line?: number;
  /** Column in UTF-16 code units, 1-based; only for text that is no JSON. */
  readonly column?: number;
};

const MAX_PATH_LENGTH = 512;

/** One escaped step of a JSON pointer, with its leading slash. */
export function pointerStep(key: string | number): string {
  return `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** A pointer of bounded length: a deep or hostile document must not make a long message. */
export function clippedPath(path: string): string {
  return path.length <= MAX_PATH_LENGTH ? path : `${path.slice(0, MAX_PATH_LENGTH - 1)}…`;
}

/** The pointer of nested keys; stops building where {@link clippedPath} would cut. */
export function pointerOf(keys: Iterable<string | number>): string {
  let path = '';
  for (const key of keys) {
    path += pointerStep(key);
    if (path.length > MAX_PATH_LENGTH) break;
  }
  return clippedPath(path);
}

/** The first issue and the number of the others, for an error's message. */
export function summarize(issues: readonly Issue[]): string {
  const [first] = issues;
  if (first === undefined) return 'no details';
  const where = first.path === '' ? 'at the root' : `at ${first.path}`;
  const others = issues.length - 1;
  return `${first.message} ${where}${others > 0 ? ` (and ${others} more)` : ''}`;
}
