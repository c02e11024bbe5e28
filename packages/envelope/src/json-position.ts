/*
 * Finds the first fault of a text that JSON.parse refused. The engine's own message quotes the text around the fault,
 * which may be a secret; this one gives a pointer, a line, a column and what was expected.
 *
 * A pushdown automaton over RFC 8259, without recursion: a million nested arrays must not overflow the stack.
 *
 *   value          scalar → after · "[" → item-or-end · "{" → key-or-end
 *   item-or-end    "]" → pop, after · else as value
 *   key-or-end     "}" → pop, after · else as key
 *   key            string → colon
 *   colon          ":" → value
 *   after          end of text outside of all containers → done · "," → value or key · "]" or "}" → pop, after
 *
 * Invariant: a fault is found exactly when JSON.parse throws. Linear time; used only on failure.
 */
import { type Issue, pointerOf } from './issue.ts';

type State = 'value' | 'item-or-end' | 'key' | 'key-or-end' | 'colon' | 'after';
type Step = State | 'done' | 'fault';

/** One open container, with where it is: the index of the item, or the name of the member once it is read. */
type Container = { readonly kind: 'array'; index: number } | { readonly kind: 'object'; key: string | undefined };

const LITERALS = ['true', 'false', 'null'] as const;
const ESCAPES = '"\\/bfnrt';
const HEX_DIGIT = /[0-9a-fA-F]/;

/** Where the text stops being JSON, and what would have been right; undefined when it is JSON. */
export function locateJsonFault(text: string): Issue | undefined {
  return new Scanner(text).fault();
}

class Scanner {
  readonly #text: string;
  readonly #open: Container[] = [];
  #at = 0;
  #expected = '';

  constructor(text: string) {
    this.#text = text;
  }

  fault(): Issue | undefined {
    let step: Step = 'value';
    while (step !== 'done' && step !== 'fault') {
      this.#skipBlanks();
      step = this.#next(step);
    }
    return step === 'done' ? undefined : this.#issue();
  }

  #issue(): Issue {
    let line = 1;
    let lineStart = 0;
    for (
      let index = this.#text.indexOf('\n');
      index >= 0 && index < this.#at;
      index = this.#text.indexOf('\n', index + 1)
    ) {
      line += 1;
      lineStart = index + 1;
    }
    const message =
      this.#at >= this.#text.length ? 'is no JSON: the text ends too early' : 'is no JSON: unexpected character';
    return { path: pointerOf(this.#keys()), message, expected: this.#expected, line, column: this.#at - lineStart + 1 };
  }

  *#keys(): Iterable<string | number> {
    for (const container of this.#open) {
      const key = container.kind === 'array' ? container.index : container.key;
      if (key !== undefined) yield key;
    }
  }

  #next(state: State): Step {
    if (state === 'value') return this.#value('a value');
    if (state === 'item-or-end') return this.#take(']') ? this.#closed() : this.#value('a value or "]"');
    if (state === 'key') return this.#key('a property name');
    if (state === 'key-or-end') return this.#take('}') ? this.#closed() : this.#key('a property name or "}"');
    if (state === 'colon') return this.#take(':') ? 'value' : this.#failed('":"');
    return this.#after();
  }

  #value(expected: string): Step {
    if (this.#take('[')) {
      this.#open.push({ kind: 'array', index: 0 });
      return 'item-or-end';
    }
    if (this.#take('{')) {
      this.#open.push({ kind: 'object', key: undefined });
      return 'key-or-end';
    }
    if (this.#take('"')) return this.#string() ? 'after' : 'fault';
    if (this.#text[this.#at] === '-' || this.#isDigit()) return this.#number() ? 'after' : 'fault';
    const literal = LITERALS.find((word) => word[0] === this.#text[this.#at]);
    if (literal === undefined) return this.#failed(expected);
    for (const character of literal) if (!this.#take(character)) return this.#failed(`"${literal}"`);
    return 'after';
  }

  #key(expected: string): Step {
    const container = this.#open.at(-1);
    if (container?.kind === 'object') container.key = undefined;
    const start = this.#at;
    if (!this.#take('"')) return this.#failed(expected);
    if (!this.#string()) return 'fault';
    const key: unknown = JSON.parse(this.#text.slice(start, this.#at));
    if (container?.kind === 'object') container.key = String(key);
    return 'colon';
  }

  #after(): Step {
    const container = this.#open.at(-1);
    if (container === undefined) return this.#at === this.#text.length ? 'done' : this.#failed('the end of the text');
    const end = container.kind === 'array' ? ']' : '}';
    if (this.#take(end)) return this.#closed();
    if (!this.#take(',')) return this.#failed(`"," or "${end}"`);
    if (container.kind === 'object') return 'key';
    container.index += 1;
    return 'value';
  }

  #closed(): Step {
    this.#open.pop();
    return 'after';
  }

  /** The rest of a string, after its opening quote. */
  #string(): boolean {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (Number.isNaN(code)) return this.#wrong('the closing quote of the string');
      if (code < 0x20) return this.#wrong('an escaped control character');
      this.#at += 1;
      if (code === 0x22) return true;
      if (code === 0x5c && !this.#escape()) return false;
    }
  }

  #escape(): boolean {
    const character = this.#text[this.#at] ?? '';
    if (character !== 'u') {
      if (character === '' || !ESCAPES.includes(character)) return this.#wrong('an escape sequence');
      this.#at += 1;
      return true;
    }
    this.#at += 1;
    for (let digit = 0; digit < 4; digit += 1) {
      if (!HEX_DIGIT.test(this.#text[this.#at] ?? '')) return this.#wrong('four hexadecimal digits');
      this.#at += 1;
    }
    return true;
  }

  #number(): boolean {
    this.#take('-');
    if (!this.#take('0') && !this.#digits()) return false;
    if (this.#take('.') && !this.#digits()) return false;
    if (!this.#take('e') && !this.#take('E')) return true;
    if (!this.#take('+')) this.#take('-');
    return this.#digits();
  }

  #digits(): boolean {
    if (!this.#isDigit()) return this.#wrong('a digit');
    while (this.#isDigit()) this.#at += 1;
    return true;
  }

  #isDigit(): boolean {
    const code = this.#text.charCodeAt(this.#at);
    return code >= 0x30 && code <= 0x39;
  }

  #skipBlanks(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at += 1;
    }
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #failed(expected: string): 'fault' {
    this.#expected = expected;
    return 'fault';
  }

  #wrong(expected: string): false {
    this.#expected = expected;
    return false;
  }
}
