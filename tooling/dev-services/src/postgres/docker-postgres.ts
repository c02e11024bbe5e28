import { randomBytes } from 'node:crypto';

import { ComposeService } from '../docker.ts';
import { releasePorts, reservePorts } from '../ports.ts';
import type { Run } from '../run-folder.ts';
import { SUPERUSER } from './cluster-cache.ts';
import type { PostgresService } from './server.ts';

/** A server in a container; its faults are verbs of `docker compose`. */
class DockerPostgres implements PostgresService {
  readonly available = true;
  readonly source = 'docker';
  readonly version = '18.4';
  readonly host = '127.0.0.1';
  readonly user = SUPERUSER;
  readonly port: number;
  readonly password: string;
  readonly #compose: ComposeService;
  readonly #run: Run;

  constructor(run: Run, port: number, password: string) {
    this.port = port;
    this.password = password;
    this.#run = run;
    this.#compose = new ComposeService({ run, service: 'postgres', port, password });
  }

  get adminUrl(): string {
    return `postgres://${this.user}:${this.password}@${this.host}:${this.port}/postgres`;
  }

  /** The container's end is always `fast`. */
  stop(): Promise<void> {
    return this.#compose.do('stop', 'postgres');
  }

  start(): Promise<void> {
    return this.#compose.up();
  }

  kill(): Promise<void> {
    return this.#compose.do('kill', 'postgres');
  }

  freeze(): Promise<void> {
    return this.#compose.do('pause', 'postgres');
  }

  thaw(): Promise<void> {
    return this.#compose.do('unpause', 'postgres');
  }

  logTail(): string {
    return this.#compose.doNow('logs', '--tail', '500', 'postgres');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#compose.do('down', '--volumes', '--timeout', '0');
    releasePorts(this.#run, [this.port]);
  }
}

/** Starts a server in a container. @throws {DevServiceError} EXITED_EARLY with compose's words. */
export const startDockerPostgres = async (run: Run): Promise<PostgresService> => {
  const [port = 0] = await reservePorts(run, 1);
  const postgres = new DockerPostgres(run, port, randomBytes(18).toString('base64url'));
  await postgres.start();
  return postgres;
};
