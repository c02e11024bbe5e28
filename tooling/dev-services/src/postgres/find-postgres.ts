import { configuredPostgres } from '../configured.ts';
import { detectPostgres } from '../detect.ts';
import { DevServiceError } from '../errors.ts';
import type { Run } from '../run-folder.ts';
import { checkConfiguredPostgres } from './configured-postgres.ts';
import { startDockerPostgres } from './docker-postgres.ts';
import { type PostgresOptions, type PostgresService, startPostgres } from './server.ts';

/**
 * The configured server, else one of ours that ends with the run.
 * @throws {DevServiceError} NOT_AVAILABLE when there is nothing to run it with; what `startPostgres` throws
 */
export const findPostgres = async (run: Run, o: PostgresOptions): Promise<PostgresService> => {
  const configured = configuredPostgres(process.env);
  if (configured !== undefined) return checkConfiguredPostgres(configured);
  const { use } = await detectPostgres();
  if (typeof use !== 'string') throw new DevServiceError('NOT_AVAILABLE', { service: 'PostgreSQL', ...use });
  return use === 'docker' ? startDockerPostgres(run) : startPostgres(o, run);
};
