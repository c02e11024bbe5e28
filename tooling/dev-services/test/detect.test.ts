import { expect, test } from 'vitest';

import { detectKafka, detectPostgres, detectServices } from '../src/detect.ts';
import { detectionLines } from '../src/report.ts';
import type { ToolRunner } from '../src/tools.ts';

const JAVA = { status: 0, stdout: '', stderr: 'openjdk version "17.0.15" 2025-04-15' };
const OLD_JAVA = { status: 0, stdout: '', stderr: 'openjdk version "11.0.2" 2019-01-15' };
const MAVEN = { status: 0, stdout: 'Apache Maven 3.9.9', stderr: '' };
const MISSING = { status: undefined, stdout: '', stderr: '' };
/** `docker` is on PATH, and no engine answers. */
const NO_ENGINE = { status: 1, stdout: '', stderr: 'Cannot connect to the Docker daemon' };

/** Tools that answer as told; what was asked is kept. */
const toolsOf = (
  answers: Readonly<Record<string, Awaited<ReturnType<ToolRunner>>>>,
): { tools: ToolRunner; asked: string[] } => {
  const asked: string[] = [];
  const tools: ToolRunner = (command, args) => {
    asked.push([command, ...args].join(' '));
    return Promise.resolve(answers[command] ?? MISSING);
  };
  return { tools, asked };
};

test('a configured server is enough: no tool is asked', async () => {
  const { tools, asked } = toolsOf({});
  const env = { BUSBAR_POSTGRES_HOST: 'db', BUSBAR_KAFKA_BROKERS: 'one:9092,two:9092' };
  expect((await detectPostgres({ tools, env })).use).toBe('configured');
  expect((await detectKafka({ tools, env })).use).toBe('configured');
  expect(asked).toEqual([]);
});

test('what the preset took out of the environment still configures services', async () => {
  const env = { DEV_SERVICES_CONFIGURED: JSON.stringify({ BUSBAR_KAFKA_BROKERS: 'one:9092' }) };
  expect((await detectKafka({ tools: toolsOf({}).tools, env })).use).toBe('configured');
});

test('an old Java is named with its version, and Maven is not asked', async () => {
  const { tools, asked } = toolsOf({ java: OLD_JAVA, mvn: MAVEN, docker: NO_ENGINE });
  expect((await detectKafka({ tools, env: {} })).use).toMatchObject({
    available: false,
    reason: 'Kafka needs Java 17 or newer; none found (found 11)',
  });
  expect(asked).toEqual(['java -version', 'docker info']);
});

test('the Java of JAVA_HOME is asked, not the one on PATH', async () => {
  const { tools, asked } = toolsOf({ java: JAVA });
  await detectKafka({ tools, env: { JAVA_HOME: '/opt/jdk' } });
  expect(asked[0]).toBe('/opt/jdk/bin/java -version');
});

test('a docker command without an engine is no source', async () => {
  const { tools } = toolsOf({ docker: NO_ENGINE });
  const report = await detectServices({ tools, env: {} });
  expect(report.kafka.use).toMatchObject({ reason: 'Kafka needs Java 17 or newer; none found' });
  expect(detectionLines(report)).toContain('Docker engine: no');
});

test('the report of doctor names source, facts and remedy', async () => {
  const { tools } = toolsOf({ docker: NO_ENGINE });
  const lines = detectionLines(await detectServices({ tools, env: {} }));
  expect(lines).toContain('Kafka: not available. Kafka needs Java 17 or newer; none found.');
  expect(lines).toContain('  Install a JDK 17 or Docker, or set BUSBAR_KAFKA_BROKERS to brokers that run.');
  expect(lines).toContain('  Java: none');
});
