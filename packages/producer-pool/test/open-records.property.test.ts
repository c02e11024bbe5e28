import fc from 'fast-check';
import { expect, test } from 'vitest';

import { OpenRecords } from '../src/open-records.ts';
import { entry } from './driven-lane.ts';

/** `add`, or the answer of one of those that are open, or a flush. */
const step = fc.oneof(
  fc.constant('add' as const),
  fc.nat().map((pick) => ({ pick })),
  fc.constant('flush' as const),
);

/** Until what a promise has told has gone through. */
const settled = async (): Promise<void> => {
  await Promise.resolve();
  await Promise.resolve();
};

test('R-KP-6 BP-7 the oldest open record is known and a flush ends with the last one before it, whatever is answered first', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { size: 'max', maxLength: 60 }), async (steps) => {
      const open = new OpenRecords();
      const model: ReturnType<typeof entry>[] = [];
      const flushes: { readonly before: ReadonlySet<object>; ended: boolean }[] = [];
      for (const one of steps) {
        if (one === 'add') {
          const added = entry('a');
          open.add(added);
          model.push(added);
        } else if (one === 'flush') {
          const flush = { before: new Set(model), ended: false };
          flushes.push(flush);
          const told = async (): Promise<void> => {
            await open.drained();
            flush.ended = true;
          };
          void told();
        } else {
          const [answered] = model.splice(one.pick % Math.max(1, model.length), 1);
          if (answered === undefined) continue;
          open.remove(answered);
          open.endFlushes();
        }
        // oxlint-disable-next-line no-await-in-loop -- the ends of flushes are told one after the other
        await settled();
        expect(open.oldest).toBe(model[0]);
        for (const { before, ended } of flushes) expect(ended).toBe(model.every((left) => !before.has(left)));
      }
    }),
  );
});
