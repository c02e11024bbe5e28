import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { argumentFileText, findKafka, isComplete, mavenArguments, mavenError } from '../../src/kafka/class-path.ts';
import type { ToolRunner } from '../../src/tools.ts';

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'class-path-'));
});
afterEach(() => {
  rmSync(cache, { recursive: true });
});

const JAVA = { status: 0, stdout: '', stderr: 'openjdk version "17.0.15"' };

/** Java 17 and a Maven that does what it is told with the file it should write. */
const machine = (
  resolve: (outputFile: string) => { status: number; output: string },
): { tools: ToolRunner; runs: () => number } => {
  let runs = 0;
  const tools: ToolRunner = (command, args) => {
    if (command === 'java') return Promise.resolve(JAVA);
    if (args.includes('-v')) return Promise.resolve({ status: 0, stdout: 'Apache Maven 3.9.9', stderr: '' });
    runs += 1;
    const { status, output } = resolve(args.at(-1)?.split('=')[1] ?? '');
    return Promise.resolve({ status, stdout: output, stderr: '' });
  };
  return { tools, runs: () => runs };
};

const jars = (): readonly string[] => {
  const files = ['a b.jar', 'c.jar'].map((name) => join(cache, name));
  for (const file of files) writeFileSync(file, 'jar');
  return files;
};

test('the class path is fetched once, and used without Maven as long as every jar is there', async () => {
  const files = jars();
  const { tools, runs } = machine((file) => {
    writeFileSync(file, files.join(delimiter));
    return { status: 0, output: '' };
  });
  const [first, second] = await Promise.all([findKafka({ tools, cache }), findKafka({ tools, cache })]);
  expect(readFileSync(first.argumentFile, 'utf8')).toBe(`-cp\n"${files.join(delimiter)}"\n`);
  expect([second.argumentFile, first.version, runs()]).toEqual([first.argumentFile, '4.3.1', 1]);
  writeFileSync(files[0] ?? '', '');
  await expect(findKafka({ tools, cache })).rejects.toMatchObject({ code: 'RESOLVE_FAILED' }); // Maven names an empty jar again
  expect(runs()).toBe(2);
});

test('a failure of Maven is told by its first error, and remembered', async () => {
  const output = '[INFO] x\n\u001B[0m\u001B[0m[ERROR] Failed to execute goal: no route to host\n[ERROR] \n[ERROR] more';
  const { tools, runs } = machine(() => ({ status: 1, output }));
  const reason = 'Maven cannot fetch the broker: Failed to execute goal: no route to host';
  await expect(findKafka({ tools, cache })).rejects.toMatchObject({ code: 'RESOLVE_FAILED', reason });
  await expect(findKafka({ tools, cache })).rejects.toMatchObject({ code: 'RESOLVE_FAILED', reason });
  expect(runs()).toBe(1);
  await expect(findKafka({ tools, cache, retry: true })).rejects.toMatchObject({ reason });
  expect(runs()).toBe(2);
});

test('without Maven and without a cache the reader learns that it is needed once', async () => {
  const tools: ToolRunner = (command) =>
    Promise.resolve(command === 'java' ? JAVA : { status: undefined, stdout: '', stderr: '' });
  await expect(findKafka({ tools, cache })).rejects.toMatchObject({
    code: 'NOT_AVAILABLE',
    reason: 'Maven is needed once to fetch the broker',
  });
});

test('another Java has a cache of its own', async () => {
  const files = jars();
  const { tools } = machine((file) => {
    writeFileSync(file, files.join(delimiter));
    return { status: 0, output: '' };
  });
  const newer: ToolRunner = (command, ...rest) =>
    command === 'java'
      ? Promise.resolve({ status: 0, stdout: '', stderr: 'openjdk version "21.0.1"' })
      : tools(command, ...rest);
  const [one, other] = [await findKafka({ tools, cache }), await findKafka({ tools: newer, cache })];
  expect(dirname(one.argumentFile)).toMatch(/-java17$/);
  expect(dirname(other.argumentFile)).toMatch(/-java21$/);
});

test('a class path is complete when every jar has content', () => {
  const sizes: Readonly<Record<string, number>> = { a: 1, b: 2, empty: 0 };
  const sizeOf = (file: string): number => sizes[file] ?? 0;
  expect(isComplete(['a', 'b'].join(delimiter), sizeOf)).toBe(true);
  expect(isComplete(['a', 'empty'].join(delimiter), sizeOf)).toBe(false);
  expect(isComplete(['a', 'missing'].join(delimiter), sizeOf)).toBe(false);
  expect(isComplete('', sizeOf)).toBe(false);
});

test('paths of Windows survive an argument file', () => {
  expect(argumentFileText('C:\\m2\\a b.jar;C:\\c.jar')).toBe('-cp\n"C:\\\\m2\\\\a b.jar;C:\\\\c.jar"\n');
});

test('MAVEN_ARGS is handed to a Maven that does not read it itself', () => {
  expect(mavenArguments('\u001B[1mApache Maven 3.8.7\u001B[m', ' -s  x.xml ')).toEqual(['-s', 'x.xml']);
  expect(mavenArguments('Apache Maven 3.9.0 (abc)', '-s x.xml')).toEqual([]);
  expect(mavenArguments('Apache Maven 4.0.0', '-s x.xml')).toEqual([]);
  expect(mavenArguments('?', '')).toEqual([]);
});

test('Maven without an error line is quoted by its last words', () => {
  expect(mavenError('one\ntwo\n')).toBe('two');
  expect(mavenError('')).toBe('Maven failed without a word');
});
