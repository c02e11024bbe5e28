import fc from 'fast-check';
import { expect, it } from 'vitest';

import { type ActiveLoop, ActiveLoops } from '../src/active-loops.ts';

it('the list of active loops closes exactly those that were added and not taken out, the newest first', () => {
  const steps = fc.array(fc.record({ kind: fc.constantFrom('add', 'delete'), index: fc.nat(7) }), {
    maxLength: 30,
    size: 'max',
  });
  fc.assert(
    fc.property(steps, (script) => {
      const list = new ActiveLoops();
      const closed: number[] = [];
      const loops = Array.from({ length: 8 }, (_, index): ActiveLoop => {
        const loop: ActiveLoop = {
          older: undefined,
          newer: undefined,
          close: () => {
            closed.push(index);
            list.delete(loop);
          },
        };
        return loop;
      });
      let model: number[] = [];
      for (const { kind, index } of script) {
        const loop = loops[index];
        if (loop === undefined || (kind === 'add' && model.includes(index))) continue;
        model = model.filter((present) => present !== index);
        if (kind === 'add') {
          list.add(loop);
          model.push(index);
        } else list.delete(loop);
      }
      list.closeAll();
      list.closeAll();
      expect(closed).toEqual(model.toReversed());
    }),
  );
});
