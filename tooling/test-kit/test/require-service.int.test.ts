import { expect, test } from 'vitest';

import { runTestFile } from './vitest-runs.ts';

const WITHOUT_KAFKA = `
import { describe, expect, test } from 'vitest';
import { requireService, useService } from '../../src/require-service.ts';
test('in a test', async (ctx) => { await requireService(ctx, 'kafka'); expect(true).toBe(false); });
test('a neighbor', () => { expect(1).toBe(1); });
describe('a suite', () => {
  const kafka = useService('kafka');
  test('first of the suite', () => { kafka(); });
  describe('inner', () => { test('second of the suite', () => { kafka(); }); });
});
`;

/** Java is where JAVA_HOME says, and there is none; nothing of the surrounding run is seen. */
const NO_JAVA = { JAVA_HOME: '/nowhere', DEV_SERVICES_STATE: undefined, DEV_SERVICES_CONFIGURED: undefined };
const REASON = 'Kafka needs Java 17 or newer; none found';

test('a missing service skips its tests with the reason, and no others', { timeout: 60_000 }, async () => {
  const run = await runTestFile(WITHOUT_KAFKA, { ...NO_JAVA, CI: undefined });
  expect(run.status).toBe(0);
  expect(run.tests.map(({ name, state, skipReason }) => ({ name, state, skipReason }))).toEqual([
    { name: 'in a test', state: 'skipped', skipReason: REASON },
    { name: 'a neighbor', state: 'passed', skipReason: undefined },
    { name: 'first of the suite', state: 'skipped', skipReason: REASON },
    { name: 'second of the suite', state: 'skipped', skipReason: REASON },
  ]);
});

test('with CI=true a missing service fails the run, with reason and remedy', { timeout: 60_000 }, async () => {
  const run = await runTestFile(WITHOUT_KAFKA, { ...NO_JAVA, CI: 'true' });
  expect(run.status).toBe(1);
  const [first, neighbor] = run.tests;
  expect([first?.state, neighbor?.state]).toEqual(['failed', 'passed']);
  expect(first?.failure).toContain(REASON);
  expect(first?.failure).toContain('Install a JDK 17');
});

test('services of a run that has ended are named as such', { timeout: 60_000 }, async () => {
  const run = await runTestFile(WITHOUT_KAFKA, {
    ...NO_JAVA,
    CI: undefined,
    DEV_SERVICES_STATE: '/nowhere/state.json',
  });
  expect(run.status).toBe(1);
  expect(run.tests[0]?.failure).toContain('those of DEV_SERVICES_STATE=/nowhere/state.json have ended');
});
