/** How the time of a statement is told apart into parse, plan and execution: for a sample, since it costs 1.35 times as much. */

/** Where the time of a statement went. Each step ends with the server's word on it; the first one includes the way there and back. */
export interface StatementSplit {
  /** From the write to ParseComplete. */
  readonly parseMs: number;
  /** Then to BindComplete: the server plans when it binds. */
  readonly planMs: number;
  /** Then to the end of the answer, its rows included. */
  readonly executeMs: number;
}

const EVERY = 256;

/**
 * Chooses 1 in 256 statements, at distances drawn evenly from 1 to 511: statements that repeat in a fixed order are each met as often as they are sent.
 */
export class SplitSampling {
  readonly #random: () => number;
  #left: number;

  /** `random` gives numbers in [0, 1). */
  constructor(random: () => number) {
    this.#random = random;
    this.#left = this.#distance();
  }

  wants(): boolean {
    this.#left -= 1;
    if (this.#left > 0) return false;
    this.#left = this.#distance();
    return true;
  }

  #distance(): number {
    return 1 + Math.floor(this.#random() * (2 * EVERY - 1));
  }
}

/** What the driver emits for each answer of the server. */
interface Answers {
  once(answer: 'parseComplete' | 'bindComplete', listener: () => void): unknown;
  off(answer: 'parseComplete' | 'bindComplete', listener: () => void): unknown;
}

/** Takes the time of one statement that is sent with a Flush behind its Parse and its Bind. To be made right before it is written. */
export class SplitWatch {
  readonly #answers: Answers;
  readonly #clock: { now(): number };
  readonly #startedAtMs: number;
  #parsedAtMs: number | undefined;
  #plannedAtMs: number | undefined;
  readonly #onParsed = (): void => {
    this.#parsedAtMs = this.#clock.now();
  };
  readonly #onPlanned = (): void => {
    this.#plannedAtMs = this.#clock.now();
  };

  constructor(answers: Answers, clock: { now(): number }) {
    this.#answers = answers;
    this.#clock = clock;
    this.#startedAtMs = clock.now();
    answers.once('parseComplete', this.#onParsed);
    answers.once('bindComplete', this.#onPlanned);
  }

  /** The statement has been answered. Nothing if it did not get as far as its execution. */
  end(): StatementSplit | undefined {
    this.#answers.off('parseComplete', this.#onParsed);
    this.#answers.off('bindComplete', this.#onPlanned);
    const parsedAtMs = this.#parsedAtMs;
    const plannedAtMs = this.#plannedAtMs;
    if (parsedAtMs === undefined || plannedAtMs === undefined) return undefined;
    return {
      parseMs: parsedAtMs - this.#startedAtMs,
      planMs: plannedAtMs - parsedAtMs,
      executeMs: this.#clock.now() - plannedAtMs,
    };
  }
}
