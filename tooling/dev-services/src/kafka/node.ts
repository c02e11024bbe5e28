/**
 * One Kafka process that can be stopped, killed, paused and started again on the same ports and data. Its state lies in its folder, so
 * that any process of the run can break a node and any other sees it:
 *
 *     node-1/server.properties   node-1/data/   node-1/tmp/   node-1/server.log   node-1/process   "pid start" of the running process
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { DevServiceError } from '../errors.ts';
import { poll } from '../poll.ts';
import { isFree } from '../ports.ts';
import { endProcesses, isAlive, isStopped, type ProcessRef, signalProcess, tailOf } from '../process.ts';
import { type Run, unregisterProcess } from '../run-folder.ts';
import { spawnInRun } from '../run-process.ts';
import type { TcpProxy } from '../tcp-proxy.ts';
import type { KafkaInstallation } from './class-path.ts';
import { jvmArguments } from './jvm.ts';
import { clusterState } from './metadata-probe.ts';

export interface KafkaNode {
  readonly id: number;
  /** `127.0.0.1:20123`. */
  readonly address: string;
  /** Of the running process; undefined while it is down. */
  readonly pid: number | undefined;
  /** Controlled shutdown: leaders move away first. Resolves when the process has ended. */
  stop(): Promise<void>;
  /** SIGKILL; resolves when the process has ended. */
  kill(): Promise<void>;
  /** Starts it again, same ports, same data; resolves when it answers as a member of the cluster. Does nothing while it runs. */
  start(): Promise<void>;
  /** SIGSTOP: connections stay open and silent. After the session timeout the controller moves its leaders. */
  pause(): void;
  resume(): void;
  isRunning(): boolean;
  /** Before its proxied listener, of a cluster with `proxied: true`. */
  readonly proxy?: TcpProxy | undefined;
  /** The last 64 KiB of its log. */
  logTail(): string;
}

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 30_000;

export interface KafkaProcessOptions {
  readonly id: number;
  readonly address: string;
  readonly folder: string;
  readonly run: Run;
  readonly kafka: () => Promise<KafkaInstallation>;
  /** Whether it is a broker, which can be asked, or a controller alone, which is ready when it listens. */
  readonly isBroker: boolean;
}

export class KafkaProcess implements KafkaNode {
  readonly id: number;
  readonly address: string;
  readonly folder: string;
  proxy: TcpProxy | undefined;
  readonly #run: Run;
  readonly #kafka: () => Promise<KafkaInstallation>;
  readonly #isBroker: boolean;

  constructor(o: KafkaProcessOptions) {
    this.id = o.id;
    this.address = o.address;
    this.folder = o.folder;
    this.#run = o.run;
    this.#kafka = o.kafka;
    this.#isBroker = o.isBroker;
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** `jvmFlags`: for this start alone. */
  async start(jvmFlags: readonly string[] = []): Promise<void> {
    if (this.isRunning()) return;
    const kafka = await this.#kafka();
    mkdirSync(join(this.folder, 'tmp'), { recursive: true });
    const server = await spawnInRun(this.#run, {
      command: kafka.java.command,
      args: [
        ...jvmFlags,
        ...jvmArguments(kafka),
        `-Djava.io.tmpdir=${join(this.folder, 'tmp')}`, // native libraries are unpacked there, and a killed JVM deletes nothing
        'kafka.Kafka',
        join(this.folder, 'server.properties'),
      ],
      logFile: this.#logFile,
      cwd: this.folder,
      env: process.env,
    });
    writeFileSync(this.#processFile, `${server.pid} ${server.startedAt}`);
    const ready = await poll(async () => (server.ending() === undefined ? this.#isReady() : false), {
      intervalMs: 50,
      timeoutMs: READY_WITHIN_MS,
    });
    if (ready === true) return;
    const ended = server.ending();
    await this.kill();
    throw new DevServiceError(ended === undefined ? 'START_TIMEOUT' : 'EXITED_EARLY', {
      service: `Kafka node ${this.id}`,
      reason: ended === undefined ? `no answer within ${READY_WITHIN_MS} ms` : `it ended at once with ${ended}`,
      logTail: this.logTail(),
    });
  }

  get pid(): number | undefined {
    return this.#process()?.pid;
  }

  pause(): void {
    this.#signal('SIGSTOP');
  }

  resume(): void {
    this.#signal('SIGCONT');
  }

  /** Runs and is not paused. */
  isServing(): boolean {
    const ref = this.#process();
    return ref !== undefined && isAlive(ref) && !isStopped(ref);
  }

  isRunning(): boolean {
    const ref = this.#process();
    return ref !== undefined && isAlive(ref);
  }

  logTail(): string {
    return tailOf(this.#logFile);
  }

  get #logFile(): string {
    return join(this.folder, 'server.log');
  }

  get #processFile(): string {
    return join(this.folder, 'process');
  }

  #process(): ProcessRef | undefined {
    try {
      const [pid = '', startedAt = ''] = readFileSync(this.#processFile, 'utf8').split(' ');
      return { pid: Number(pid), startedAt };
    } catch {
      return undefined; // stopped
    }
  }

  #signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    if (process.platform === 'win32') {
      throw new DevServiceError('UNSUPPORTED_FAULT', {
        service: 'Kafka',
        reason: 'pausing a process needs POSIX signals',
      });
    }
    const ref = this.#process();
    if (ref !== undefined) signalProcess(ref, signal);
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const ref = this.#process();
    if (ref === undefined) return;
    await endProcesses([ref], signal, STOP_WITHIN_MS);
    unregisterProcess(this.#run, ref);
    rmSync(this.#processFile, { force: true });
  }

  async #isReady(): Promise<true | undefined> {
    if (this.#isBroker) return this.#isMember();
    return (await isFree(Number(this.address.split(':')[1]))) ? undefined : true;
  }

  /** Whether it answers, has a controller, and counts itself among the brokers: fenced ones do not. */
  async #isMember(): Promise<true | undefined> {
    try {
      const { brokers, controller } = await clusterState(this.address, []);
      return controller >= 0 && brokers.some(({ id }) => id === this.id) ? true : undefined;
    } catch {
      return undefined; // refused, or not yet serving
    }
  }
}
