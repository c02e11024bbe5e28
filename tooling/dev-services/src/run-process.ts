import { endProcesses, type SpawnedServer, type SpawnOptions, spawnServer } from './process.ts';
import { type EndOptions, registerProcess, type Run } from './run-folder.ts';

/** Starts a server that ends with the run. When the run has ended in between, so does the server, at once. */
export const spawnInRun = async (run: Run, o: SpawnOptions, end: EndOptions = {}): Promise<SpawnedServer> => {
  const server = await spawnServer(o);
  try {
    registerProcess(run, server, end);
  } catch (error) {
    await endProcesses([server], 'SIGKILL', 2_000);
    throw error;
  }
  return server;
};
