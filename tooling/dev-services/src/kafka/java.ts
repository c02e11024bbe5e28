import { join } from 'node:path';

import { DevServiceError } from '../errors.ts';
import { MINIMUM_JAVA, noJava } from '../sources.ts';
import { runTool, type ToolRunner } from '../tools.ts';

export interface Java {
  readonly command: string;
  /** `undefined`: there is none. */
  readonly major: number | undefined;
}

const ASK_WITHIN_MS = 20_000;

/** The major version in the answer of `java -version`: 8 of `"1.8.0_292"`, 17 of `"17.0.15"`, 21 of `"21-ea"`. */
export const javaMajor = (answer: string): number | undefined => {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(answer) ?? [];
  if (first === undefined) return undefined;
  return first === '1' ? Number(second) : Number(first);
};

/** `JAVA_HOME`'s Java, else the one on PATH, by asking it for its version. */
export const askJava = async (
  tools: ToolRunner = runTool,
  javaHome = process.env['JAVA_HOME'] ?? '',
): Promise<Java> => {
  const command = javaHome === '' ? 'java' : join(javaHome, 'bin', 'java');
  const { status, stdout, stderr } = await tools(command, ['-version'], { timeoutMs: ASK_WITHIN_MS });
  return { command, major: status === 0 ? javaMajor(stderr + stdout) : undefined };
};

/** A Java that can run Kafka. @throws {DevServiceError} NOT_AVAILABLE below 17. */
export const findJava = async (tools?: ToolRunner): Promise<{ readonly command: string; readonly major: number }> => {
  const { command, major } = await askJava(tools);
  if (major !== undefined && major >= MINIMUM_JAVA) return { command, major };
  throw new DevServiceError('NOT_AVAILABLE', { service: 'Kafka', ...noJava(major) });
};
