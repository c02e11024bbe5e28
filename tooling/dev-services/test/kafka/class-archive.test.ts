import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { archiveFlags, draftArchive } from '../../src/kafka/class-archive.ts';
import type { KafkaInstallation } from '../../src/kafka/class-path.ts';
import type { ToolRunner } from '../../src/tools.ts';

let folder: string;
let kafka: KafkaInstallation;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'class-archive-'));
  kafka = { version: '4.3.1', java: { command: 'java', major: 17 }, argumentFile: join(folder, 'kafka.args') };
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A Java that takes the archive it is given if that is there. */
const java: ToolRunner = (_, args) => {
  const file = args.find((arg) => arg.startsWith('-XX:SharedArchiveFile='))?.split('=')[1] ?? '';
  return Promise.resolve({ status: existsSync(file) ? 0 : 1, stdout: '', stderr: '' });
};
const crashing: ToolRunner = () => Promise.resolve({ status: -1, stdout: '', stderr: 'SIGSEGV' });

/** The file that a JVM with these flags writes. */
const written = (flags: readonly string[] = []): string => flags[0]?.split('=')[1] ?? '';

test('an archive is used as soon as it is whole, and made once', async () => {
  const draft = draftArchive(kafka, java);
  writeFileSync(written(draft?.flags), 'classes');
  expect(archiveFlags(kafka)).toEqual([]);
  await draft?.keep();
  expect(archiveFlags(kafka)[0]).toBe(`-XX:SharedArchiveFile=${join(folder, 'classes.jsa')}`);
  expect(draftArchive(kafka, java)).toBeUndefined();
});

test('a Java that writes none, or crashes on what it wrote, is not asked again and goes without', async () => {
  const none = draftArchive(kafka, java);
  const half = draftArchive(kafka, crashing);
  await none?.keep();
  expect([draftArchive(kafka, java), archiveFlags(kafka)]).toEqual([undefined, []]);
  writeFileSync(written(half?.flags), 'half of the classes');
  await half?.keep();
  expect(archiveFlags(kafka)).toEqual([]);
});
