import { ComposeService } from '../docker.ts';
import { DevServiceError } from '../errors.ts';
import { releasePorts, reservePorts } from '../ports.ts';
import type { Run } from '../run-folder.ts';
import { Brokers, type KafkaService } from './brokers.ts';
import type { KafkaNode } from './node.ts';
import { untilHealthy, untilServed } from './readiness.ts';

/** One node in a container; its faults are verbs of `docker compose`. */
export class DockerKafka extends Brokers implements KafkaService {
  readonly port: number;
  readonly nodes: readonly KafkaNode[];
  readonly #compose: ComposeService;
  readonly #run: Run;

  constructor(run: Run, port: number) {
    super({ source: 'docker', version: '4.3.1', brokers: [`127.0.0.1:${port}`] });
    this.#compose = new ComposeService({ run, service: 'kafka', port, password: '' });
    this.#run = run;
    this.port = port;
    this.nodes = [this.#nodeInContainer()];
  }

  node(id: number): KafkaNode {
    const found = this.nodes.find((node) => node.id === id);
    if (found !== undefined) return found;
    throw new DevServiceError('UNSUPPORTED_FAULT', {
      service: 'Kafka',
      reason: `there is no node ${id}: the container runs one`,
    });
  }

  async heal(): Promise<void> {
    await this.#compose.up();
    await untilHealthy(this);
  }

  logTail(): string {
    return this.#compose.doNow('logs', '--tail', '500', 'kafka');
  }

  logTails(): string {
    return this.logTail();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#compose.do('down', '--volumes', '--timeout', '0');
    releasePorts(this.#run, [this.port]);
  }

  #nodeInContainer(): KafkaNode {
    const compose = this.#compose;
    return {
      id: 1,
      address: `127.0.0.1:${this.port}`,
      pid: undefined, // of a container's world, not of ours
      stop: () => compose.do('stop', 'kafka'),
      kill: () => compose.do('kill', 'kafka'),
      start: () => this.heal(),
      pause: () => {
        compose.doNow('pause', 'kafka');
      },
      resume: () => {
        compose.doNow('unpause', 'kafka');
      },
      isRunning: () => compose.doNow('ps', '--status', 'running', '--quiet', 'kafka').trim() !== '',
      logTail: () => this.logTail(),
    };
  }
}

/** Starts a broker in a container. @throws {DevServiceError} EXITED_EARLY with compose's words, START_TIMEOUT with the broker's. */
export const startDockerKafka = async (run: Run): Promise<DockerKafka> => {
  const [port = 0] = await reservePorts(run, 1);
  const kafka = new DockerKafka(run, port);
  await kafka.heal();
  await untilServed(kafka);
  return kafka;
};
