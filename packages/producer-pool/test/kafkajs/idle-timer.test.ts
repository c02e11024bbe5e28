import { createRequire } from 'node:module';

import { expect, test, vi } from 'vitest';

import { patchIdleTimer } from '../../src/kafkajs/idle-timer.ts';

test('R-KP-6 another version of kafkajs is left alone, with a warning', () => {
  const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const real = createRequire(import.meta.url);
  const newer: NodeJS.Require = Object.assign(
    (id: string): unknown => (id.endsWith('package.json') ? { version: '2.3.0' } : real(id)),
    real,
  );
  expect(patchIdleTimer(newer)).toBe(false);
  expect(warning).toHaveBeenCalledWith(expect.stringContaining('2.3.0'), 'BusbarWarning');
  warning.mockRestore();
});

test('R-KP-6 the version it knows is patched once', () => {
  expect(patchIdleTimer()).toBe(true);
  expect(patchIdleTimer()).toBe(true);
});
