/** One breaker in use: the calls made through it, how it answered, and what it did. */
import { DependencyDown, NotItsFault, type Peer, type State, type Subject, type Verdict } from './peer.ts';
import { drain, type VirtualTime } from './virtual-time.ts';

/** `waiting`: neither run nor refused, although nothing that has happened is left to be worked off. */
export type Admission = 'admitted' | 'refused' | 'waiting';

/** A call that the breaker has admitted. */
export interface Running {
  /** 1 for the first that was begun. */
  readonly number: number;
  /** The epoch in which it was admitted. */
  readonly epoch: number;
  readonly finish: (verdict: Verdict) => void;
}

const WORDS: Readonly<Record<Verdict, string>> = { success: 'succeed', failure: 'fail', ignore: 'ignore' };

// Made once: their stacks would be most of the cost of a script.
const DOWN = new DependencyDown('the dependency is down');
const NOT_FOUND = new NotItsFault('there is no such thing');

export class Session {
  readonly time: VirtualTime;
  readonly #subject: Subject;
  /** Grows with every change of state. */
  epoch = 1;
  /** Admitted and not settled, in the order of their admission. */
  readonly running: Running[] = [];
  /** What was done, and to what state it led if that changed. */
  readonly trace: string[] = [];
  #begun = 0;

  constructor(peer: Peer, time: VirtualTime, probes = 1) {
    this.time = time;
    this.#subject = peer.create({ time, probes, onTransition: () => (this.epoch += 1) });
  }

  get state(): State {
    return this.#subject.state();
  }

  isStale(call: Running): boolean {
    return call.epoch !== this.epoch;
  }

  /** Calls of this half-open period that are running. */
  get probesRunning(): number {
    return this.state === 'half-open' ? this.running.filter((call) => !this.isStale(call)).length : 0;
  }

  async begin(): Promise<Admission> {
    const { epoch } = this;
    const number = (this.#begun += 1);
    const seen: { admission: Admission } = { admission: 'waiting' };
    const call = this.#subject.call(() => {
      seen.admission = 'admitted';
      return this.#run(number);
    });
    call.catch(() => {
      if (seen.admission === 'waiting') seen.admission = 'refused';
    });
    await drain();
    this.#note(seen.admission === 'admitted' ? 'begin' : `begin (${seen.admission})`, epoch);
    return seen.admission;
  }

  #run(number: number): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const finish = (verdict: Verdict): void => {
      if (verdict === 'success') resolve('fine');
      else reject(verdict === 'failure' ? DOWN : NOT_FOUND);
    };
    this.running.push({ number, epoch: this.epoch, finish });
    return promise;
  }

  /** Begins a call that must be admitted. */
  async beginAdmitted(): Promise<Running> {
    const admission = await this.begin();
    const call = this.running.at(-1);
    if (admission !== 'admitted' || call === undefined)
      throw new Error(`the scenario needs this call; it is ${admission}`);
    return call;
  }

  async settle(call: Running, verdict: Verdict): Promise<void> {
    const { epoch } = this;
    const stale = this.isStale(call) ? ' (stale)' : '';
    this.forget(call);
    call.finish(verdict);
    await drain();
    this.#note(`${WORDS[verdict]} #${call.number}${stale}`, epoch);
  }

  /** From now on the call hangs for ever. */
  forget(call: Running): void {
    this.running.splice(this.running.indexOf(call), 1);
  }

  async advance(ms: number): Promise<void> {
    const { epoch } = this;
    await this.time.advance(ms);
    this.#note(`+${ms} ms`, epoch);
  }

  async close(): Promise<void> {
    await this.#subject.close();
  }

  #note(text: string, epochBefore: number): void {
    this.trace.push(this.epoch === epochBefore ? text : `${text} → ${this.state}`);
  }
}

/** One line of a trace: what is done several times in a row is written once. */
export const formatTrace = (trace: readonly string[]): string => {
  const groups: { text: string; times: number }[] = [];
  for (const text of trace) {
    const last = groups.at(-1);
    if (last?.text === text) last.times += 1;
    else groups.push({ text, times: 1 });
  }
  return groups.map(({ text, times }) => (times === 1 ? text : `${text} ×${times}`)).join(', ');
};
