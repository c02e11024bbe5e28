import { readFileSync } from 'node:fs';

/** Version of this package, as other relays see it; `unknown` where a bundler has left package.json behind. */
export const packageVersion = (): string => {
  try {
    const parsed: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : 'unknown';
  } catch {
    return 'unknown'; // only a label: nothing depends on it
  }
};
