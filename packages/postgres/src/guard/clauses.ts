/**
 * The queries of a statement and their clauses: what each keyword changes. A stack of parentheses, each of which knows the query that it holds and
 * whether it is in its FROM.
 */
import { Frames, type Frame } from './frames.ts';
import { KEYWORDS, type Keyword } from './keywords.ts';
import type { ScoreCounts } from './score-counts.ts';
import type { StatementKind } from './statement-kind.ts';
import type { Summary } from './summary.ts';
import { QUERIES, WRITES } from './syntax-words.ts';
import { BEGINNING, type Word } from './words.ts';

/** Where what is found is written down. */
export interface Findings {
  readonly counts: ScoreCounts;
  readonly kind: StatementKind;
  readonly summary: Summary;
}

type Effect = (on: Clauses, top: Frame) => void;

export class Clauses {
  /** What a keyword changes, besides the end of a FROM clause. */
  static readonly #effects: Readonly<Partial<Record<Keyword, Effect>>> = {
    select: (on, top) => on.onQuery('select', top),
    insert: (on, top) => on.onWrite('insert', top),
    update: (on, top) => on.onWrite('update', top),
    delete: (on, top) => on.onWrite('delete', top),
    merge: (on, top) => on.onWrite('merge', top),
    values: (on, top) => on.onQuery('values', top),
    with: (on, top) => void (top.verb = on.#previous === BEGINNING ? 'with' : top.verb),
    from: (on, top) => on.onFrom(top),
    join: (on) => on.onJoin(),
    into: (on, top) => on.onInto(top),
    table: (on) => void (on.expectsTable = true),
    copy: (on) => void (on.expectsTable = on.#isFirstWord),
    truncate: (on) => void (on.expectsTable = on.#isFirstWord),
    where: (_, top) => void (top.hasWhere = true),
    union: (on) => on.#found.counts.add('union'),
    intersect: (on) => on.#found.counts.add('union'),
    except: (on) => on.#found.counts.add('union'),
    similar: (on) => on.#found.counts.add('regex'),
    recursive: (on) => on.onRecursive(),
    order: (on, top) => void (on.#isOrdered ||= on.isOutermost && on.returnsRows(top)),
    limit: (on) => void (on.#isLimited ||= on.isOutermost),
    fetch: (on) => void (on.#isLimited ||= on.isOutermost),
    analyze: (on) => on.#found.kind.analyze(),
    local: (on) => on.onLocal(),
    transaction: (on) => on.onTransaction(),
    temp: (on) => on.onTemporary(),
    temporary: (on) => on.onTemporary(),
  };
  static readonly #effectOf: readonly (Effect | undefined)[] = KEYWORDS.map((keyword) => Clauses.#effects[keyword]);

  /** A table follows the keyword that was accepted last. */
  expectsTable = false;
  readonly #found: Findings;
  readonly #frames = new Frames();
  /** In front of the keyword that is accepted. */
  #previous = BEGINNING;
  #isFirstWord = false;
  #isOrdered = false;
  #isLimited = false;

  constructor(found: Findings) {
    this.#found = found;
  }

  /** Of the parenthesis that is open now, or of the statement. */
  get top(): Frame {
    return this.#frames.top;
  }

  accept(word: Word, previous: Word, isFirstWord: boolean): void {
    const { top } = this.#frames;
    this.#previous = previous;
    this.#isFirstWord = isFirstWord;
    this.expectsTable = false;
    if (word.endsFrom) top.isInFrom = false;
    Clauses.#effectOf[word.index]?.(this, top);
  }

  open(isOperand: boolean): void {
    this.#frames.open(isOperand);
  }

  close(): void {
    const frame = this.#frames.close();
    if (frame !== undefined) this.end(frame);
  }

  /** The statement ends, with all parentheses that are open. */
  finish(): void {
    for (const frame of this.#frames.reset()) this.end(frame);
    if (this.#isOrdered && !this.#isLimited) this.#found.counts.add('unlimitedOrder');
    this.#isOrdered = false;
    this.#isLimited = false;
  }

  private end({ verb, hasWhere }: Frame): void {
    if ((verb === 'update' || verb === 'delete') && !hasWhere) this.#found.counts.add('unfilteredWrite');
  }

  private get isOutermost(): boolean {
    return this.#frames.depth === 0;
  }

  private returnsRows({ verb }: Frame): boolean {
    const { first } = this.#found.kind;
    return first !== '' && QUERIES.has(first) && (verb === '' || !WRITES.has(verb));
  }

  private onFrom(top: Frame): void {
    if (top.verb === '' || this.#previous.keyword === 'distinct') return; // extract(… from …), IS DISTINCT FROM
    top.isInFrom = true;
    this.expectsTable = true;
  }

  private onJoin(): void {
    this.#found.counts.add('join');
    this.expectsTable = true;
  }

  private onInto(top: Frame): void {
    if (top.verb === 'select') this.#found.kind.write();
    this.expectsTable = true;
  }

  private onRecursive(): void {
    if (this.#previous.keyword === 'with') this.#found.counts.add('expensiveFunction');
  }

  private onLocal(): void {
    if (this.#previous.keyword === 'set') this.#found.kind.setLocally();
  }

  /** PREPARE TRANSACTION ends one, SET TRANSACTION ends with it. */
  private onTransaction(): void {
    if (this.#previous.keyword === 'prepare') this.#found.kind.txControl = true;
    this.onLocal();
  }

  private onTemporary(): void {
    if (this.isOutermost) this.#found.kind.createTemporary();
  }

  /** A query begins: at the beginning of its parenthesis, behind a WITH, or anywhere in a statement that holds one. */
  private onQuery(verb: Keyword, top: Frame): void {
    if (top.verb !== '' && top.verb !== 'with') return;
    if (verb === 'select' && !this.isOutermost && !top.isOperand) this.#found.counts.add('subselect');
    this.startQuery(verb, top);
  }

  /** Elsewhere the word is a part of GRANT, FOR UPDATE, ON CONFLICT, a trigger, … */
  private onWrite(verb: Keyword, top: Frame): void {
    const { first } = this.#found.kind;
    const behindPrefix = top.verb === '' && (first === 'explain' || first === 'prepare');
    if (this.#previous !== BEGINNING && top.verb !== 'with' && !behindPrefix) return;
    this.#found.kind.write();
    this.startQuery(verb, top);
    this.expectsTable = verb === 'update';
  }

  private startQuery(verb: Keyword, top: Frame): void {
    if (!this.#isFirstWord) this.#found.summary.verb();
    top.verb = verb;
  }
}
