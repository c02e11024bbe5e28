/**
 * The log folder of a new node. Formatting costs a JVM of its own (0.7–2 s) and writes two small files that depend on nothing but Kafka's
 * version and the node's id, so its result is kept beside the class path and copied.
 */
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { DevServiceError } from '../errors.ts';
import type { KafkaInstallation } from './class-path.ts';
import { runKafkaTool } from './jvm.ts';
import { KAFKA_USER } from './listeners.ts';

/** Any base64 of 16 bytes; all nodes of a cluster share it. */
const CLUSTER_ID = 'MkU3OEVBNTcwNTJENDM2Qk';
const FORMAT_WITHIN_MS = 60_000;

/** The user's SCRAM credentials lie in the metadata of the cluster, and begin there. */
const SCRAM_USERS = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
  '-S',
  `${mechanism}=[name=${KAFKA_USER.username},password=${KAFKA_USER.password}]`,
]);

const format = async (kafka: KafkaInstallation, propertiesFile: string, users: boolean): Promise<void> => {
  const { status, stdout, stderr } = await runKafkaTool(
    kafka,
    ['kafka.tools.StorageTool', 'format', '-g', '-t', CLUSTER_ID, '-c', propertiesFile, ...(users ? SCRAM_USERS : [])],
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

export interface NewNode {
  readonly id: number;
  readonly folder: string;
  readonly properties: string;
  /** Whether the cluster begins with the SCRAM user. */
  readonly users: boolean;
}

/** Writes `server.properties` into a node's folder and makes its log folder `data` there. @throws {DevServiceError} EXITED_EARLY with Kafka's words. */
export const formatNode = async (kafka: KafkaInstallation, node: NewNode): Promise<void> => {
  mkdirSync(node.folder, { recursive: true });
  const propertiesFile = join(node.folder, 'server.properties');
  writeFileSync(propertiesFile, node.properties, { mode: 0o600 });
  const dataFolder = join(node.folder, 'data');
  const cached = join(dirname(kafka.argumentFile), `formatted-${node.id}${node.users ? '-users' : ''}`);
  if (existsSync(cached)) return cpSync(cached, dataFolder, { recursive: true });
  await format(kafka, propertiesFile, node.users);
  return keep(dataFolder, cached);
};
