import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { OrdersDriver } from './orders-driver.ts';
import { isServiceMessage, isServiceStats, type ServiceCommand, type ServiceStats } from './service-messages.ts';

/** The orders service in a process of its own, as the demo and the tests run it. */
export interface ServiceProcess {
  readonly pid: number;
  readonly port: number;
  stats(): Promise<ServiceStats>;
  /** The records that the memory driver holds; only with `driver: 'memory'`. */
  memoryLog(): Promise<readonly unknown[]>;
  send(command: ServiceCommand): void;
  /** SIGTERM, then the orderly end; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL: no goodbye. Resolves when the process is gone. */
  kill(): Promise<void>;
}

export interface ServiceProcessOptions {
  /** `BUSBAR_…` settings. */
  readonly env: Readonly<Record<string, string>>;
  /** Default: kafkajs. */
  readonly driver?: OrdersDriver;
}

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 40_000;

/** The next message of the process; rejects when it ends first, or says nothing within the time. */
const nextMessage = (child: ChildProcess, timeoutMs: number): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
    };
    const onMessage = (message: unknown): void => {
      settle();
      resolve(message);
    };
    const onExit = (code: number | null): void => {
      settle();
      reject(new Error(`the orders service ended with ${code ?? 'a signal'} before it answered`));
    };
    const timer = setTimeout(() => {
      settle();
      reject(new Error(`the orders service did not answer within ${timeoutMs} ms`));
    }, timeoutMs);
    child.on('message', onMessage);
    child.on('exit', onExit);
  });

const gone = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> => {
  if (!gone(child)) {
    const exit = once(child, 'exit', { signal: AbortSignal.timeout(STOP_TIMEOUT_MS) });
    child.kill(signal);
    await exit;
  }
  return child.exitCode;
};

const readStats = async (port: number): Promise<ServiceStats> => {
  const response = await fetch(`http://127.0.0.1:${port}/stats`, { signal: AbortSignal.timeout(5000) });
  const value: unknown = await response.json();
  if (!isServiceStats(value)) throw new TypeError('GET /stats has not the shape that the demo reads');
  return value;
};

/** Starts the service and resolves when it listens. The process ends with its parent, however that one ends. */
export const startServiceProcess = async (o: ServiceProcessOptions): Promise<ServiceProcess> => {
  const child = fork(fileURLToPath(new URL('service-main.ts', import.meta.url)), {
    execArgv: ['--conditions=@busbar/source'],
    env: { ...process.env, ...o.env, ORDERS_DRIVER: o.driver ?? 'kafkajs' },
    serialization: 'advanced',
  });
  const message = await nextMessage(child, START_TIMEOUT_MS);
  if (!isServiceMessage(message) || message.kind !== 'listening') {
    await end(child, 'SIGKILL');
    throw new Error(
      `the orders service did not start: ${isServiceMessage(message) && message.kind === 'failed' ? message.problem : 'no reason given'}`,
    );
  }
  const { port } = message;
  return {
    pid: child.pid ?? -1,
    port,
    stats: () => readStats(port),
    memoryLog: async () => {
      child.send('memory-log');
      const answer = await nextMessage(child, START_TIMEOUT_MS);
      return isServiceMessage(answer) && answer.kind === 'memory-log' ? answer.records : [];
    },
    send: (command) => {
      child.send(command);
    },
    stop: () => end(child, 'SIGTERM'),
    kill: async () => {
      await end(child, 'SIGKILL');
    },
  };
};
