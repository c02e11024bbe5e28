import { expect, test } from 'vitest';

import { findJava, javaMajor } from '../../src/kafka/java.ts';

test.each([
  ['java version "1.8.0_292"', 8],
  ['openjdk version "11.0.2" 2019-01-15', 11],
  ['openjdk version "17" 2021-09-14', 17],
  ['Picked up JAVA_TOOL_OPTIONS: -Dx=1\nopenjdk version "17.0.15" 2025-04-15', 17],
  ['openjdk version "21-ea" 2023-09-19', 21],
  ['bash: java: command not found', undefined],
])('the major version of %j is %s', (answer, major) => {
  expect(javaMajor(answer)).toBe(major);
});

test('a Java below 17 is refused with its version', async () => {
  const tools = () => Promise.resolve({ status: 0, stdout: '', stderr: 'java version "1.8.0_292"' });
  await expect(findJava(tools)).rejects.toMatchObject({
    code: 'NOT_AVAILABLE',
    reason: 'Kafka needs Java 17 or newer; none found (found 8)',
  });
});
