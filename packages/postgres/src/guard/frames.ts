/** What is known of the parenthesis, or of the statement itself, that a token stands in. */
export interface Frame {
  /** Type of the keyword of the query that stands here: SELECT, INSERT, …; WITH until the query behind it begins; 0 while there is none. */
  verb: number;
  /** Commas separate tables. */
  isInFrom: boolean;
  hasWhere: boolean;
  /** Holds a side of UNION, or the whole statement: a SELECT in it is no sub-select. */
  isOperand: boolean;
}

/** Nothing deeper is told apart: a text of a million parentheses takes no more memory than its own length. The server's parser gives up earlier. */
const MAX_DEPTH = 1_000;

const createFrame = (isOperand: boolean): Frame => ({
  verb: 0,
  isInFrom: false,
  hasWhere: false,
  isOperand,
});

/** The open parentheses and brackets of a statement. There is always one frame, that of the statement. */
export class Frames {
  top = createFrame(true);
  #below: Frame[] = [];
  /** Open parentheses beyond the limit: they share the frame of the deepest one. */
  #uncounted = 0;

  /** 0 = outside of all parentheses. */
  get depth(): number {
    return this.#below.length;
  }

  open(isOperand: boolean): void {
    if (this.#below.length >= MAX_DEPTH) {
      this.#uncounted += 1;
      return;
    }
    this.#below.push(this.top);
    this.top = createFrame(isOperand);
  }

  /** The frame that ends here; nothing where no parenthesis is open. */
  close(): Frame | undefined {
    if (this.#uncounted > 0) {
      this.#uncounted -= 1;
      return undefined;
    }
    const below = this.#below.pop();
    if (below === undefined) return undefined;
    const closed = this.top;
    this.top = below;
    return closed;
  }

  /** Ends a statement: all frames that were open, the statement's last. */
  reset(): readonly Frame[] {
    const open = this.#below;
    open.push(this.top);
    this.#below = [];
    this.#uncounted = 0;
    this.top = createFrame(true);
    return open;
  }
}
