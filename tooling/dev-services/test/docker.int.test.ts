import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { ComposeService, hasDockerEngine } from '../src/docker.ts';
import { DockerKafka } from '../src/kafka/docker-kafka.ts';
import { processRef, selfRef } from '../src/process.ts';
import { endRun, makeRunFolder, type Run } from '../src/run-folder.ts';
import { runProgram } from './children.ts';

/** There is no container engine here: a stand-in for `docker` writes down what it is asked, and fails where it is told to. */
let folder: string;
let run: Run;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'docker-'));
  const script = `#!/bin/sh\necho "$DEV_SERVICES_PORT $*" >> ${folder}/asked\n[ ! -e ${folder}/fail ] || { echo no engine >&2; exit 1; }\necho cid\n`;
  writeFileSync(join(folder, 'docker'), script);
  chmodSync(join(folder, 'docker'), 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH'] ?? ''}`);
  const owner = runProgram('console.log(1); setInterval(() => {}, 1e6);');
  await owner.line();
  ({ run } = makeRunFolder(processRef(owner.child.pid ?? 0) ?? selfRef()));
});
afterEach(async () => {
  await endRun(run.folder);
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const asked = (): readonly string[] =>
  readFileSync(join(folder, 'asked'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.replace(/ -f \S+compose\.yaml/, '').replace(/busbar-run-\w+-\w+-kafka/, 'PROJECT'));

test('an engine that does not answer is none', async () => {
  expect(await hasDockerEngine()).toBe(true);
  writeFileSync(join(folder, 'fail'), '');
  expect(await hasDockerEngine()).toBe(false);
});

test('the faults of a node are verbs of compose, on the port that was reserved', async () => {
  const kafka = new DockerKafka(run, 20_123);
  const node = kafka.node(1);
  await node.kill();
  await node.stop();
  node.pause();
  node.resume();
  expect([node.isRunning(), kafka.logTail(), kafka.brokers]).toEqual([true, 'cid\n', ['127.0.0.1:20123']]);
  expect(asked()).toEqual([
    '20123 compose -p PROJECT kill kafka',
    '20123 compose -p PROJECT stop kafka',
    '20123 compose -p PROJECT pause kafka',
    '20123 compose -p PROJECT unpause kafka',
    '20123 compose -p PROJECT ps --status running --quiet kafka',
    '20123 compose -p PROJECT logs --tail 500 kafka',
  ]);
  expect(() => kafka.node(2)).toThrow('the container runs one');
});

test('a container ends with its run', async () => {
  await new ComposeService({ run, service: 'kafka', port: 20_124, password: '' }).up();
  expect(asked()).toEqual(['20124 compose -p PROJECT up --detach --wait kafka']);
  await endRun(run.folder);
  expect([existsSync(run.folder), asked().at(-1)]).toEqual([false, ' compose -p PROJECT down --volumes --timeout 0']);
});

test('a failing engine is quoted', async () => {
  writeFileSync(join(folder, 'fail'), '');
  const service = new ComposeService({ run, service: 'postgres', port: 20_125, password: 'x' });
  await expect(service.up()).rejects.toMatchObject({ code: 'EXITED_EARLY', logTail: 'no engine\n' });
});
