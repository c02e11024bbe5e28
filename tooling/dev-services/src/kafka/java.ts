import { join } from 'node:path';

import { DevServiceError } from '../errors.ts';
import { runTool, type ToolRunner } from '../tools.ts';

export interface Java {
  readonly command: string;
  readonly major: number;
}

/** Kafka 4's servers need it. */
const MINIMUM_MAJOR = 17;

const ASK_WITHIN_MS = 20_000;

/** The major version in the answer of `java -version`: 8 of `"1.8.0_292"`, 17 of `"17.0.15"`, 21 of `"21-ea"`. */
export const javaMajor = (answer: string): number | undefined => {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(answer) ?? [];
  if (first === undefined) return undefined;
  return first === '1' ? Number(second) : Number(first);
};

/** `JAVA_HOME`'s Java, else the one on PATH, by asking it for its version. @throws {DevServiceError} NOT_AVAILABLE below 17. */
export const findJava = async (
  tools: ToolRunner = runTool,
  javaHome = process.env['JAVA_HOME'] ?? '',
): Promise<Java> => {
  const command = javaHome === '' ? 'java' : join(javaHome, 'bin', 'java');
  const { status, stdout, stderr } = await tools(command, ['-version'], ASK_WITHIN_MS);
  const major = status === 0 ? javaMajor(stderr + stdout) : undefined;
  if (major !== undefined && major >= MINIMUM_MAJOR) return { command, major };
  throw new DevServiceError('NOT_AVAILABLE', {
    service: 'Kafka',
    reason: `Kafka needs Java ${MINIMUM_MAJOR} or newer; none found${major === undefined ? '' : ` (found ${major})`}`,
    help: `Install a JDK ${MINIMUM_MAJOR}, or set BUSBAR_KAFKA_BROKERS to a broker that runs.`,
  });
};
