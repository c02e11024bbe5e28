/**
 * The thread of `chaos-main.ts` in which kafkajs runs alone; it posts a line for each contender.
 *
 * kafkajs does not end: a broker of its pool may take the id of another one while a call waits for the lock of that id (`removeBroker`
 * makes a connected broker the seed while a refresh still has the address of the old seed), the lock is given back under the new id, and
 * whoever waits for it keeps a timer of 65 seconds that nothing can stop. They end with their thread; everything of the pool's, on the
 * main thread, has to end by itself.
 */
import { parentPort } from 'node:worker_threads';

import { chaosOfKafkaJs } from './chaos-run.ts';
import { type Contender, isChosen, lineOf, runSeeds } from './chaos-series.ts';

const alone: readonly Contender[] = [false, true].flatMap((idempotent) =>
  (['each', 'batches'] as const).map((strategy) => ({
    name: `kafkajs alone, ${idempotent ? 'idempotent' : 'plain'}, ${strategy}`,
    run: (seed: number) => chaosOfKafkaJs({ seed, idempotent, strategy }),
  })),
);

for (const contender of alone.filter(isChosen)) {
  // oxlint-disable-next-line no-await-in-loop, unicorn/require-post-message-target-origin -- one line after the other; to a thread, not a window
  parentPort?.postMessage(lineOf(contender, await runSeeds(contender)));
}
// Of this thread alone.
process.exit();
