/**
 * The log folder of a new node. Formatting costs a JVM of its own (0.7–2 s) and writes two small files that depend on nothing but Kafka's
 * version and the node's id, so its result is kept beside the class path and copied.
 */
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { DevServiceError } from '../errors.ts';
import type { KafkaInstallation } from './class-path.ts';
import { runKafkaTool } from './jvm.ts';

/** Any base64 of 16 bytes; all nodes of a cluster share it. */
const CLUSTER_ID = 'MkU3OEVBNTcwNTJENDM2Qk';
const FORMAT_WITHIN_MS = 60_000;

const format = async (kafka: KafkaInstallation, propertiesFile: string): Promise<void> => {
  const { status, stdout, stderr } = await runKafkaTool(
    kafka,
    ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', propertiesFile, '-g'],
    FORMAT_WITHIN_MS,
  );
  if (status === 0) return;
  throw new DevServiceError('EXITED_EARLY', {
    service: 'Kafka',
    reason: 'formatting failed',
    logTail: stdout + stderr,
  });
};

const keep = (dataFolder: string, cached: string): void => {
  const draft = `${cached}.${process.pid}`;
  cpSync(dataFolder, draft, { recursive: true });
  try {
    renameSync(draft, cached);
  } catch {
    rmSync(draft, { recursive: true, force: true }); // another process was faster
  }
};

/** Writes `server.properties` into a node's folder and makes its log folder `data` there. @throws {DevServiceError} EXITED_EARLY with Kafka's words. */
export const formatNode = async (
  kafka: KafkaInstallation,
  node: { readonly id: number; readonly folder: string },
  properties: string,
): Promise<void> => {
  mkdirSync(node.folder, { recursive: true });
  const propertiesFile = join(node.folder, 'server.properties');
  writeFileSync(propertiesFile, properties);
  const dataFolder = join(node.folder, 'data');
  const cached = join(dirname(kafka.argumentFile), `formatted-${node.id}`);
  if (existsSync(cached)) return cpSync(cached, dataFolder, { recursive: true });
  await format(kafka, propertiesFile);
  return keep(dataFolder, cached);
};
