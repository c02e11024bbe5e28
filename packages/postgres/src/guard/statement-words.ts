/** What a statement does, for statistics. */
export type Operation = 'read' | 'write' | 'ddl' | 'admin';

/** What the first word of a statement says about it. */
export interface StatementWord {
  readonly operation: Operation;
  /** Begins or ends a transaction or savepoint. */
  readonly txControl: boolean;
  /** Leaves something behind on the session. */
  readonly session: boolean;
}

const OPERATIONS: Readonly<Record<Operation, string>> = {
  read: 'select values table show explain fetch with',
  write: 'insert update delete merge copy call do truncate',
  ddl: 'create alter drop comment grant revoke',
  admin:
    'begin start commit end rollback abort savepoint release set reset discard listen unlisten load prepare deallocate declare',
};
const TX_CONTROL = new Set('begin start commit end rollback abort savepoint release'.split(' '));
const SESSION = new Set('set reset discard listen unlisten load prepare deallocate declare'.split(' '));

const buildWords = (): ReadonlyMap<string, StatementWord> => {
  const words = new Map<string, StatementWord>();
  let operation: Operation;
  for (operation in OPERATIONS)
    for (const word of OPERATIONS[operation].split(' '))
      words.set(word, { operation, txControl: TX_CONTROL.has(word), session: SESSION.has(word) });
  return words;
};

let table: ReadonlyMap<string, StatementWord> | undefined;

const OTHER: StatementWord = { operation: 'admin', txControl: false, session: false };

/** Words that are not known are `admin`. The table is built at the first call. */
export const statementWord = (word: string): StatementWord => {
  table ??= buildWords();
  return table.get(word) ?? OTHER;
};
