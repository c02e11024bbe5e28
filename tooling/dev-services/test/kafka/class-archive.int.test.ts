import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { archiveFlags, draftArchive } from '../../src/kafka/class-archive.ts';
import { findKafka, type KafkaInstallation } from '../../src/kafka/class-path.ts';
import { runKafkaTool } from '../../src/kafka/jvm.ts';
import { runTool } from '../../src/tools.ts';
import { requireKafka } from '../require.ts';

const TOOL = ['org.apache.kafka.tools.consumer.ConsoleConsumer', '--version'];

let folder: string;
let kafka: KafkaInstallation;
beforeEach(async (ctx) => {
  await requireKafka(ctx);
  const found = await findKafka();
  folder = mkdtempSync(join(tmpdir(), 'class-archive-'));
  kafka = { ...found, argumentFile: join(folder, 'kafka.args') };
  copyFileSync(found.argumentFile, kafka.argumentFile);
}, 120_000);
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('what one JVM has written the next one takes, and says nothing of it', { timeout: 60_000 }, async () => {
  const draft = draftArchive(kafka);
  const words = [...(draft?.flags ?? []), '-XX:+UseSerialGC', `@${kafka.argumentFile}`, ...TOOL];
  await runTool(kafka.java.command, words, { timeoutMs: 50_000 });
  await draft?.keep();
  expect(archiveFlags(kafka)).toHaveLength(3);
  const { status, stdout } = await runKafkaTool(kafka, ['-Xshare:on', ...TOOL], 20_000);
  expect([status, stdout.trim().split(' ')[0]]).toEqual([0, kafka.version]);
});
