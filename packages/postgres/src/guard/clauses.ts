/**
 * The queries of a statement and their clauses: what each keyword changes. A stack of parentheses, each of which knows the query that it holds and
 * whether it is in its FROM.
 */
import { Frames, type Frame } from './frames.ts';
import { type Keyword, KEYWORDS, typeOf } from './keywords.ts';
import { ENDS_FROM, IS_BEGINNING, IS_QUERY, IS_WRITE, meaningOf } from './meanings.ts';
import type { ScoreCounts } from './score-counts.ts';
import type { StatementKind } from './statement-kind.ts';
import type { Summary } from './summary.ts';
import { END, FIRST_KEYWORD } from './token-types.ts';
import { fieldAt, TYPE } from './tokens.ts';

const SELECT = typeOf('select');
const UPDATE = typeOf('update');
const DELETE = typeOf('delete');
const WITH = typeOf('with');
const EXPLAIN = typeOf('explain');
const PREPARE = typeOf('prepare');
const DISTINCT = typeOf('distinct');
const SET = typeOf('set');

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
    select: (on, top) => on.onQuery(top),
    insert: (on, top) => on.onWrite(top),
    update: (on, top) => on.onWrite(top),
    delete: (on, top) => on.onWrite(top),
    merge: (on, top) => on.onWrite(top),
    values: (on, top) => on.onQuery(top),
    with: (on, top) => on.onWith(top),
    from: (on, top) => on.onFrom(top),
    join: (on) => on.onJoin(),
    into: (on, top) => on.onInto(top),
    table: (on) => void (on.expectsTable = true),
    copy: (on) => void (on.expectsTable = on.#isFirstWord),
    truncate: (on) => void (on.expectsTable = on.#isFirstWord),
    where: (_, top) => void (top.hasWhere = true),
    union: (on) => void (on.#found.counts.union += 1),
    intersect: (on) => void (on.#found.counts.union += 1),
    except: (on) => void (on.#found.counts.union += 1),
    similar: (on) => void (on.#found.counts.regex += 1),
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
  #previous = END;
  /** The keyword that is accepted, and its type. */
  #token = 0;
  #type = END;
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

  /** The keyword at `token`; `previous` is the type of what stands in front of it. */
  accept(token: number, previous: number, isFirstWord: boolean): void {
    const { top } = this.#frames;
    const type = fieldAt(token + TYPE);
    this.#previous = previous;
    this.#token = token;
    this.#type = type;
    this.#isFirstWord = isFirstWord;
    this.expectsTable = false;
    if ((meaningOf(type) & ENDS_FROM) !== 0) top.isInFrom = false;
    Clauses.#effectOf[type - FIRST_KEYWORD]?.(this, top);
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
    if (this.#isOrdered && !this.#isLimited) this.#found.counts.unlimitedOrder += 1;
    this.#isOrdered = false;
    this.#isLimited = false;
  }

  private end({ verb, hasWhere }: Frame): void {
    if ((verb === UPDATE || verb === DELETE) && !hasWhere) this.#found.counts.unfilteredWrite += 1;
  }

  private get isOutermost(): boolean {
    return this.#frames.depth === 0;
  }

  private returnsRows({ verb }: Frame): boolean {
    const { first } = this.#found.kind;
    return (meaningOf(first) & IS_QUERY) !== 0 && (meaningOf(verb) & IS_WRITE) === 0;
  }

  private onFrom(top: Frame): void {
    if (top.verb === 0 || this.#previous === DISTINCT) return; // extract(… from …), IS DISTINCT FROM
    top.isInFrom = true;
    this.expectsTable = true;
  }

  private onJoin(): void {
    this.#found.counts.join += 1;
    this.expectsTable = true;
  }

  private onInto(top: Frame): void {
    if (top.verb === SELECT) this.#found.kind.write();
    this.expectsTable = true;
  }

  private onRecursive(): void {
    if (this.#previous === WITH) this.#found.counts.expensiveFunction += 1;
  }

  private onLocal(): void {
    if (this.#previous === SET) this.#found.kind.setLocally();
  }

  /** PREPARE TRANSACTION ends one, SET TRANSACTION ends with it. */
  private onTransaction(): void {
    if (this.#previous === PREPARE) this.#found.kind.txControl = true;
    this.onLocal();
  }

  private onTemporary(): void {
    if (this.isOutermost) this.#found.kind.createTemporary();
  }

  private onWith(top: Frame): void {
    if ((meaningOf(this.#previous) & IS_BEGINNING) !== 0) top.verb = WITH;
  }

  /** A query begins: at the beginning of its parenthesis, behind a WITH, or anywhere in a statement that holds one. */
  private onQuery(top: Frame): void {
    if (top.verb !== 0 && top.verb !== WITH) return;
    if (this.#type === SELECT && !this.isOutermost && !top.isOperand) this.#found.counts.subselect += 1;
    this.startQuery(top);
  }

  /** Elsewhere the word is a part of GRANT, FOR UPDATE, ON CONFLICT, a trigger, … */
  private onWrite(top: Frame): void {
    const { first } = this.#found.kind;
    const behindPrefix = top.verb === 0 && (first === EXPLAIN || first === PREPARE);
    const isFirst = (meaningOf(this.#previous) & IS_BEGINNING) !== 0;
    if (!isFirst && top.verb !== WITH && !behindPrefix) return;
    this.#found.kind.write();
    this.startQuery(top);
    this.expectsTable = this.#type === UPDATE;
  }

  private startQuery(top: Frame): void {
    if (!this.#isFirstWord) this.#found.summary.verb(this.#token);
    top.verb = this.#type;
  }
}
