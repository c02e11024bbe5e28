import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { baseFolder } from './run-folder.ts';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

/** What may be made again at any time and is dear to make: below the repository's `node_modules`, or the temporary folder if that is read-only. */
export const cacheFolder = (kind: 'postgres' | 'kafka'): string => {
  const preferred = join(REPOSITORY, 'node_modules', '.cache', 'busbar', kind);
  try {
    mkdirSync(preferred, { recursive: true });
    return preferred;
  } catch {
    const fallback = join(baseFolder(), 'cache', kind); // EACCES, EROFS: a read-only checkout
    mkdirSync(fallback, { recursive: true });
    return fallback;
  }
};
