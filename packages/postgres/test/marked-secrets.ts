import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';

import { seededRandom } from '@busbar-tooling/test-kit/seeded-random';
import { serializeError } from '@busbar/errors';
import { afterAll, beforeAll, expect } from 'vitest';

import type { Messages } from '../src/diagnostics.ts';

/** Every channel of the package: one that is missing here does not compile. */
const EVENTS: Readonly<Record<keyof Messages, true>> = {
  created: true,
  closed: true,
  connect: true,
  'connection-closed': true,
  lease: true,
  release: true,
  'acquire-timeout': true,
  'queue-full': true,
  query: true,
  'query-slow': true,
  guard: true,
  tx: true,
  'tx-retry': true,
  'dirty-release': true,
  'lease-lost': true,
  leak: true,
  'leak-cleared': true,
  generation: true,
  cancel: true,
  health: true,
  'listen-gap': true,
  'listener-error': true,
  'hook-error': true,
};

/** Every way in which a value can be shown. */
const shownOf = (value: unknown): string => {
  const parts = [inspect(value, { depth: Infinity, showHidden: true }), inspect(value), String(value)];
  parts.push(JSON.stringify(value) ?? '');
  if (value instanceof Error) parts.push(value.message, value.stack ?? '', JSON.stringify(serializeError(value)));
  return parts.join('\n');
};

export interface MarkedSecrets {
  readonly seed: number;
  readonly random: () => number;
  /** A new secret, in one of the shapes that secrets have. */
  readonly secret: () => string;
  /** Each message of every channel, in the order in which they came. */
  readonly heard: readonly { readonly event: string; readonly message: unknown }[];
  /** Fails where one of the secrets is shown. */
  readonly expectHidden: (value: unknown, where: string) => void;
  /** Fails where a message shows one, and where there were fewer than `atLeast`. */
  readonly expectHeardHidden: (from: number, atLeast: number) => void;
}

/** Secrets that can be found again wherever they are shown; listens to all channels while the tests of the suite run. */
export const useMarkedSecrets = (): MarkedSecrets => {
  const seed = Math.trunc(Math.random() * 2 ** 31);
  const random = seededRandom(seed);
  const heard: { event: string; message: unknown }[] = [];
  const listeners = Object.keys(EVENTS).map((event) => {
    const listener = (message: unknown): void => void heard.push({ event, message });
    return { channel: `busbar:postgres:${event}`, listener };
  });
  let serial = 0;

  beforeAll(() => {
    for (const { channel, listener } of listeners) subscribe(channel, listener);
  });
  afterAll(() => {
    for (const { channel, listener } of listeners) unsubscribe(channel, listener);
  });

  const expectHidden = (value: unknown, where: string): void => {
    const shown = shownOf(value);
    const found = /MARK.{0,30}/u.exec(shown)?.[0];
    if (found !== undefined) throw new Error(`seed ${seed}: ${found} of ${where} is shown: ${shown.slice(0, 4_000)}`);
  };
  return {
    seed,
    random,
    heard,
    secret: () => {
      serial += 1;
      const noise = Math.trunc(random() * 2 ** 31).toString(36);
      return `MARK${['x', 'A-', 'p_w.', 'zz'][serial % 4] ?? ''}${noise}`;
    },
    expectHidden,
    expectHeardHidden: (from, atLeast) => {
      expect(heard.length - from).toBeGreaterThan(atLeast);
      for (const { event, message } of heard.slice(from)) expectHidden(message, `a message of ${event}`);
    },
  };
};
