import { execFileSync } from 'node:child_process';

/** Removes a project's containers and volumes, by its name alone. */
export const removeProject = (name: string): void => {
  try {
    execFileSync('docker', ['compose', '-p', name, 'down', '--volumes', '--timeout', '0'], {
      stdio: 'ignore',
      timeout: 30_000,
    });
  } catch {
    // the engine is gone, and the containers with it
  }
};
