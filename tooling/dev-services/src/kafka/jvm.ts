import { fileURLToPath, pathToFileURL } from 'node:url';

import { runTool, type ToolAnswer } from '../tools.ts';
import type { KafkaInstallation } from './class-path.ts';

const LOG4J = pathToFileURL(fileURLToPath(new URL('../../log4j2.properties', import.meta.url))).href;

/** A small and quick JVM: serial collector, the first compiler only (starts 0.4 s sooner, no slower in short runs), no files in /tmp. */
export const JVM_FLAGS: readonly string[] = [
  '-Xms64m',
  '-Xmx256m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:-UsePerfData',
  '-Djava.awt.headless=true',
  `-Dlog4j2.configurationFile=${LOG4J}`,
];

/** Runs one of Kafka's own command line tools: its class, then its arguments. */
export const runKafkaTool = (
  kafka: KafkaInstallation,
  words: readonly string[],
  timeoutMs: number,
): Promise<ToolAnswer> =>
  runTool(kafka.java.command, [...JVM_FLAGS, `@${kafka.argumentFile}`, ...words], { timeoutMs });
