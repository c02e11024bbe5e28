import { describe, expect, it } from 'vitest';

import * as root from '../src/index.ts';

describe('public api of busbar', () => {
  it('the root exports what a service needs, and no more', () => {
    expect(Object.keys(root).toSorted()).toEqual([
      'createBusbar',
      'defineEvent',
      'defineEvents',
      'hasCode',
      'isBusbarError',
    ]);
  });

  it.each([
    'circuit-breaker',
    'config',
    'envelope',
    'errors',
    'outbox',
    'postgres',
    'producer-pool',
    'retry',
    'telemetry',
  ])('busbar/%s is that package, one to one', async (name) => {
    const subpath: unknown = await import(`../src/${name}.ts`);
    const own: unknown = await import(`@busbar/${name}`);
    expect({ ...Object(subpath) }).toEqual({ ...Object(own) });
  });
});
