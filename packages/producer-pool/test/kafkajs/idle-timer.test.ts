import { createRequire } from 'node:module';

import { expect, test, vi } from 'vitest';

import { patchIdleTimer } from '../../src/kafkajs/idle-timer.ts';

test.each([
  ['2.3.0', { version: '2.3.0' }],
  ['undefined', undefined],
])('R-KP-6 another version of kafkajs is left alone, with a warning: %s', (version, manifest) => {
  const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const real = createRequire(import.meta.url);
  const newer: NodeJS.Require = Object.assign(
    (id: string): unknown => (id.endsWith('package.json') ? manifest : real(id)),
    real,
  );
  expect(patchIdleTimer(newer)).toBe(false);
  expect(warning).toHaveBeenCalledWith(expect.stringContaining(`not ${version}:`), 'BusbarWarning');
  warning.mockRestore();
});

test('R-KP-6 the version it knows is patched once', () => {
  expect(patchIdleTimer()).toBe(true);
  expect(patchIdleTimer()).toBe(true);
});
