/** What a statement does, for statistics. */
export type Operation = 'read' | 'write' | 'ddl' | 'admin';

export interface StatementKind {
  /** The first word, in lower case. */
  readonly keyword: string;
  readonly operation: Operation;
  /** Begins or ends a transaction or savepoint. */
  readonly txControl: boolean;
}

const WORDS: Readonly<Record<Exclude<Operation, 'admin'>, readonly string[]>> = {
  read: ['select', 'values', 'table', 'show', 'explain', 'fetch'],
  write: ['insert', 'update', 'delete', 'merge', 'copy', 'call', 'do', 'truncate'],
  ddl: ['create', 'alter', 'drop', 'comment', 'grant', 'revoke'],
};

const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ...WORDS.read.map((word) => [word, 'read'] as const),
  ...WORDS.write.map((word) => [word, 'write'] as const),
  ...WORDS.ddl.map((word) => [word, 'ddl'] as const),
]);

const TX_CONTROL = new Set(['begin', 'start', 'commit', 'end', 'rollback', 'abort', 'savepoint', 'release']);

const isSpace = (code: number): boolean => code === 32 || (code >= 9 && code <= 13);
const isWord = (code: number): boolean => (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;

/** The position behind blanks, comments (nested ones too) and opening parentheses, all of which may stand before a statement. */
const startOfStatement = (text: string): number => {
  let at = 0;
  for (;;) {
    const code = text.charCodeAt(at);
    if (isSpace(code) || code === 40 || code === 59) at += 1;
    else if (text.startsWith('--', at)) {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
    } else if (text.startsWith('/*', at)) at = endOfComment(text, at);
    else return at;
  }
};

const endOfComment = (text: string, start: number): number => {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    if (text.startsWith('/*', at)) {
      depth += 1;
      at += 1;
    } else if (text.startsWith('*/', at)) {
      depth -= 1;
      at += 1;
      if (depth === 0) return at + 1;
    }
  }
  return text.length;
};

const wordAt = (text: string, start: number): string => {
  let end = start;
  while (end < text.length && isWord(text.charCodeAt(end))) end += 1;
  return text.slice(start, end).toLowerCase();
};

/** What the first word says. The server refuses a second statement in the same text, so that the first word decides. */
export const statementKind = (text: string): StatementKind => {
  const start = startOfStatement(text);
  const keyword = wordAt(text, start);
  const preparesTx = keyword === 'prepare' && /^\s+transaction\b/i.test(text.slice(start + 7, start + 64));
  let operation = OPERATIONS.get(keyword) ?? 'admin';
  // A common table expression may write; a false alarm only means that no row limit is set.
  if (keyword === 'with') operation = /\b(?:insert|update|delete|merge)\b/i.test(text) ? 'write' : 'read';
  return { keyword, operation, txControl: preparesTx || TX_CONTROL.has(keyword) };
};
