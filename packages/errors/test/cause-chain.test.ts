import { causes } from '@busbar/errors';
import { describe, expect, it } from 'vitest';

const named = (name: string, behind: object = {}): Error => Object.assign(new Error(name), behind);

describe('causes', () => {
  it('walk cause, errors and originalError breadth first, beginning with the value itself', () => {
    const deep = named('deep');
    const cause = named('cause', { cause: deep });
    const [first, second, original] = [named('first'), named('second'), named('original')];
    const top = named('top', { cause, errors: [first, second], originalError: original });
    expect([...causes(top)]).toEqual([top, cause, first, second, original, deep]);
  });

  it('visit each object once, whatever the shape', () => {
    const loop = named('loop');
    const shared = named('shared', { cause: loop });
    Object.assign(loop, { cause: shared, errors: [shared, loop] });
    expect([...causes(loop)]).toEqual([loop, shared]);
  });

  it('visit at most 64 values', () => {
    const wide = named('wide', { errors: Array.from({ length: 10_000 }, (_, index) => named(String(index))) });
    expect([...causes(wide)]).toHaveLength(64);
    let deep = named('end');
    for (let level = 0; level < 100; level += 1) deep = named('level', { cause: deep });
    expect([...causes(deep)]).toHaveLength(64);
  });

  it('take what cannot be read for absent', () => {
    const hostile = Object.defineProperties(named('hostile'), {
      cause: {
        get: () => {
          throw new Error('no');
        },
      },
      errors: {
        value: new Proxy([1], {
          get: () => {
            throw new Error('no');
          },
        }),
      },
    });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect([...causes(hostile)]).toEqual([hostile]);
    expect([...causes(proxy)]).toHaveLength(1);
    expect([...causes(named('top', { errors: proxy }))]).toHaveLength(1);
  });

  it('begin with anything that was thrown', () => {
    expect([...causes(undefined)]).toEqual([undefined]);
    expect([...causes('text')]).toEqual(['text']);
    expect([...causes(Object.assign(() => {}, { cause: 1 }))]).toHaveLength(2);
  });
});
