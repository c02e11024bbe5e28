import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { DemoServices } from './demo-services.ts';
import type { ServiceProcess } from './service-process.ts';
import { isVerdict, type Verdict } from './verdict.ts';
import type { VerificationCase } from './verify.ts';

/** Runs the verifier in its own process; it decides, and its verdict is passed on. Rejects when it gives none. */
export const verify = (verification: VerificationCase, folder: string): Promise<Verdict> =>
  new Promise((resolve, reject) => {
    const file = join(folder, 'case.json');
    writeFileSync(file, JSON.stringify(verification));
    const program = fileURLToPath(new URL('verify.ts', import.meta.url));
    const args = ['--conditions=@busbar/source', program, file];
    execFile(process.execPath, args, { maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      process.stderr.write(stderr);
      const verdict: unknown = stdout.trim() === '' ? undefined : JSON.parse(stdout);
      if (isVerdict(verdict)) resolve(verdict);
      else reject(new Error('the verifier gave no verdict', { cause: error }));
    });
  });

/** Gets the log to the verifier: by its brokers, or as a file of what the memory driver holds. */
export const logSource = async (o: {
  services: DemoServices;
  service: ServiceProcess;
  folder: string;
}): Promise<Pick<VerificationCase, 'brokers' | 'logFile'>> => {
  if (o.services.kafka !== undefined) return { brokers: [...o.services.kafka.brokers] };
  const logFile = join(o.folder, 'log.json');
  writeFileSync(logFile, JSON.stringify(await o.service.memoryLog()));
  return { logFile };
};
