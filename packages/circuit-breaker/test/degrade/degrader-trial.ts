import fc from 'fast-check';

import { BadPayload, type DegradeRig, degradeRig, Unrelated } from './degrader-on-manual-time.ts';

/** What the runs of a payload do, one after the other; the last one is repeated. */
type Behaviour = 'ok' | 'down' | 'unrelated' | 'bad' | 'slow';

export type Step =
  | { readonly do: 'submit'; readonly key: string; readonly runs: readonly Behaviour[]; readonly abortable: boolean }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'abort'; readonly index: number }
  | { readonly do: 'outage' };

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('submit' as const),
        key: fc.constantFrom('a', 'b', 'c'),
        runs: fc.array(fc.constantFrom<Behaviour>('ok', 'ok', 'down', 'unrelated', 'bad', 'slow'), {
          minLength: 1,
          maxLength: 4,
        }),
        abortable: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(0, 10, 50, 100, 1_000) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('abort' as const), index: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.constant({ do: 'outage' as const }) },
  ),
  { minLength: 5, maxLength: 30, size: 'max' },
);

interface Submitted {
  readonly payload: string;
  readonly runs: readonly Behaviour[];
  readonly caller: AbortController;
  tries: number;
  result: 'held' | 'done' | 'failed';
}

const MAX_CALLS = 6;

/** A degrader under a random script, with what was seen of it. */
export class Trial {
  readonly rig: DegradeRig;
  readonly submitted: Submitted[] = [];
  readonly #running = new Set<string>();
  readonly #firstStarts: number[] = [];
  /** What was seen in a run, where an assertion would only look like an outage. */
  readonly #broken: string[] = [];

  constructor(drainConcurrency: number) {
    this.rig = degradeRig({
      whenRefused: 'queue',
      queue: { maxCalls: MAX_CALLS, maxWaitMs: 3_000, orderKey: (payload) => payload.charAt(0), drainConcurrency },
      deadLetters: { max: 3 },
    });
    this.rig.behave((payload) => this.#run(payload));
  }

  async #run(payload: string): Promise<string> {
    const [key = '', index = ''] = payload.split('-');
    const call = this.submitted[Number(index)];
    if (call === undefined) throw new BadPayload('nobody submitted this');
    // order per key: no overlap, and nobody starts before one who came earlier has started
    if (this.#running.has(key)) this.#broken.push(`${payload} overlaps another of its key`);
    if (call.tries === 0) {
      const others = this.#firstStarts.filter((other) => this.submitted[other]?.payload.startsWith(key));
      if (others.some((other) => other > Number(index))) this.#broken.push(`${payload} was overtaken`);
      this.#firstStarts.push(Number(index));
    }
    this.#running.add(key);
    const behaviour = call.runs[Math.min(call.tries, call.runs.length - 1)];
    call.tries += 1;
    try {
      return await this.#behave(behaviour ?? 'ok');
    } finally {
      this.#running.delete(key);
    }
  }

  async #behave(behaviour: Behaviour): Promise<string> {
    await Promise.resolve();
    switch (behaviour) {
      case 'ok':
        return 'fine';
      case 'slow':
        await new Promise<void>((resolve) => {
          this.rig.clock.timers.set(resolve, 20);
        });
        return 'fine';
      case 'down':
        throw new Error('down');
      case 'unrelated':
        throw new Unrelated('elsewhere');
      case 'bad':
        throw new BadPayload('bad');
      default:
        return behaviour satisfies never;
    }
  }

  async take(step: Step): Promise<void> {
    const { rig, submitted } = this;
    if (step.do === 'submit') {
      const payload = `${step.key}-${submitted.length}`;
      const call: Submitted = { payload, runs: step.runs, caller: new AbortController(), tries: 0, result: 'held' };
      submitted.push(call);
      rig.degrader.submit(payload, step.abortable ? { signal: call.caller.signal } : {}).then(
        () => (call.result = 'done'),
        () => (call.result = 'failed'),
      );
    } else if (step.do === 'advance') await rig.clock.advance(step.ms);
    else if (step.do === 'abort') submitted[step.index]?.caller.abort();
    else rig.breaker.suggestOpen(200, 'down');
    const stats = rig.degrader.stats();
    if (stats.queued > MAX_CALLS) this.#broken.push(`${stats.queued} are held`);
    if (stats.deadLetters > 3) this.#broken.push(`${stats.deadLetters} letters are kept`);
  }

  /** Closes, and answers every promise that was broken on the way or by then. */
  async end(): Promise<readonly string[]> {
    const { degrader, clock } = this.rig;
    const closing = degrader.close({ deadlineMs: 10_000 });
    await clock.advance(10_000);
    const { undelivered } = await closing;
    await clock.advance(100);
    const held = this.submitted.filter(({ result }) => result === 'held').map(({ payload }) => payload);
    const stats = degrader.stats();
    const dead = stats.deadRejected + stats.deadExpired + stats.deadClosed;
    const claims: Readonly<Record<string, boolean>> = {
      'every call is settled': held.length === 0,
      'every held call is settled once': stats.drained + stats.aborted + dead === stats.enqueued,
      'every dead letter is kept or counted as dropped':
        stats.deadLetters + stats.droppedOverflow + stats.droppedTtl === dead,
      'what was cut off is in the report': undelivered.length === stats.deadClosed,
      'nothing is left behind': stats.queued + stats.queuedBytes + clock.pending() === 0,
    };
    return [...this.#broken, ...Object.keys(claims).filter((claim) => claims[claim] === false)];
  }
}
