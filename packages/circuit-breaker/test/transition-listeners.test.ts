import { describe, expect, test } from 'vitest';

import { createBreaker } from '../src/index.ts';
import { outcome, rig } from './breaker-on-manual-time.ts';

const boom = new Error('boom');

describe('listeners of transitions', () => {
  test('a listener that throws is reported and changes neither the call nor the other listeners', async () => {
    const { breaker, reported, fail } = rig();
    const heard: string[] = [];
    breaker.onTransition(() => {
      throw boom;
    });
    breaker.onTransition(({ to }) => heard.push(to));
    await fail(2);
    expect(heard).toEqual(['open']);
    expect(reported).toEqual([boom]);
    expect(breaker.stats()).toMatchObject({ state: 'open', inFlight: 0 });
  });

  test('a listener that is disposed hears nothing more', async () => {
    const { breaker, fail } = rig();
    const heard: string[] = [];
    const subscription = breaker.onTransition(({ to }) => heard.push(to));
    subscription[Symbol.dispose]();
    await fail(2);
    expect(heard).toEqual([]);
  });

  test('a listener may call the breaker; every listener hears every edge in the order of epochs', async () => {
    const { breaker, events, fail } = rig();
    const second: number[] = [];
    breaker.onTransition(({ to }) => {
      if (to === 'open') breaker.isolate('look at it first');
    });
    breaker.onTransition(({ epoch }) => second.push(epoch));
    await fail(2);
    expect(breaker.state).toBe('isolated');
    expect(events.map(({ epoch }) => epoch)).toEqual([2, 3]);
    expect(second).toEqual([2, 3]);
  });

  test('a listener that calls through the breaker sees the new state', async () => {
    const { breaker, fail } = rig();
    const seen: unknown[] = [];
    breaker.onTransition(() => {
      void outcome(breaker.execute(() => 1)).then((error) => seen.push(error));
    });
    await fail(2);
    expect(seen).toMatchObject([{ code: 'BUSBAR_BREAKER_OPEN' }]);
  });

  test('without a handler of its own a listener error becomes a process warning', async () => {
    const warned = Promise.withResolvers<Error>();
    process.once('warning', (warning) => {
      warned.resolve(warning);
    });
    const breaker = createBreaker({ name: 'warner' });
    breaker.onTransition(() => {
      throw boom;
    });
    breaker.reset();
    expect(await warned.promise).toBe(boom);
  });

  test('a handler of listener errors that throws becomes a process warning', async () => {
    const warned = Promise.withResolvers<Error>();
    process.once('warning', (warning) => {
      warned.resolve(warning);
    });
    const { breaker } = rig({
      onListenerError: () => {
        // oxlint-disable-next-line typescript/only-throw-error -- what users throw need be no error
        throw 'no error at all';
      },
    });
    breaker.onTransition(() => {
      throw boom;
    });
    breaker.reset();
    expect(await warned.promise).toMatchObject({ message: 'no error at all', name: 'CircuitBreakerListenerWarning' });
  });
});
