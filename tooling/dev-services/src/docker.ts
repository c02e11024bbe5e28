/**
 * The last source: containers of `compose.yaml`, where an engine answers. Not run on a machine of ours yet; the mapping is checked against
 * a stand-in for `docker`. Each service is a compose project of its own, which the run's ledger names, so that it ends with the run.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { DevServiceError } from './errors.ts';
import type { Run } from './run-folder.ts';
import { runTool, type ToolRunner } from './tools.ts';

const COMPOSE_FILE = fileURLToPath(new URL('../compose.yaml', import.meta.url));
const ENGINE_WITHIN_MS = 3_000;
const UP_WITHIN_MS = 300_000;

/** Whether an engine answers; `docker --version` answers without one. */
export const hasDockerEngine = async (tools: ToolRunner = runTool): Promise<boolean> =>
  (await tools('docker', ['info'], { timeoutMs: ENGINE_WITHIN_MS })).status === 0;

export interface ComposeProject {
  readonly run: Run;
  readonly service: 'postgres' | 'kafka';
  readonly port: number;
  /** Of PostgreSQL's superuser. */
  readonly password: string;
}

/** One service of `compose.yaml` on a port of ours. */
export class ComposeService {
  readonly #project: ComposeProject;

  constructor(project: ComposeProject) {
    this.#project = project;
  }

  get name(): string {
    return `busbar-${this.#project.run.id}-${this.#project.service}`.toLowerCase();
  }

  /** Starts the container and resolves when its health check passes. @throws {DevServiceError} EXITED_EARLY with compose's words. */
  async up(): Promise<void> {
    mkdirSync(join(this.#project.run.folder, 'containers'), { recursive: true });
    writeFileSync(join(this.#project.run.folder, 'containers', this.name), ''); // first: from now on it ends with the run
    await this.do('up', '--detach', '--wait', this.#project.service);
  }

  /** `stop`, `kill`, `start`, `pause`, `unpause` of the container, or any other verb of compose. */
  async do(verb: string, ...words: readonly string[]): Promise<void> {
    const { status, stdout, stderr } = await runTool('docker', this.#arguments(verb, words), {
      timeoutMs: UP_WITHIN_MS,
      env: this.#env,
    });
    if (status === 0) return;
    throw new DevServiceError('EXITED_EARLY', {
      service: this.#project.service,
      reason: `docker compose ${verb} failed${status === undefined ? ': there is no docker' : ''}`,
      logTail: stdout + stderr,
    });
  }

  /** The same for callers that cannot wait; returns what it printed. */
  doNow(verb: 'pause' | 'unpause' | 'logs' | 'ps', ...words: readonly string[]): string {
    return execFileSync('docker', this.#arguments(verb, words), {
      encoding: 'utf8',
      env: { ...process.env, ...this.#env },
    });
  }

  get #env(): Readonly<Record<string, string>> {
    return { DEV_SERVICES_PORT: String(this.#project.port), DEV_SERVICES_PASSWORD: this.#project.password };
  }

  #arguments(verb: string, words: readonly string[]): readonly string[] {
    return ['compose', '-f', COMPOSE_FILE, '-p', this.name, verb, ...words];
  }
}
