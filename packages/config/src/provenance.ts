import type { Profile } from './profiles.ts';
import { Secret } from './secret.ts';
import type { SettingNode } from './setting-tree.ts';

/** Where a value came from. */
export type Source =
  | { readonly kind: 'default' }
  | { readonly kind: 'derived'; readonly from: readonly string[] }
  | { readonly kind: 'profile'; readonly name: Profile }
  | { readonly kind: 'file'; readonly name: string; readonly line?: number }
  | { readonly kind: 'env-file'; readonly name: string; readonly line: number; readonly env: string }
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'secret-file'; readonly path: string; readonly env: string }
  | { readonly kind: 'explicit' };

/** A source in words: `file busbar.json:12`. */
export const describeSource = (source: Source): string => {
  switch (source.kind) {
    case 'default':
    case 'explicit':
      return source.kind;
    case 'derived':
      return `derived from ${source.from.join(', ')}`;
    case 'profile':
      return `profile ${source.name}`;
    case 'file':
      return `file ${source.name}${source.line === undefined ? '' : `:${source.line}`}`;
    case 'env-file':
      return `env file ${source.name}:${source.line} (${source.env})`;
    case 'env':
      return `env ${source.name}`;
    case 'secret-file':
      return `file ${source.path} (${source.env})`;
  }
  return source satisfies never;
};

/** Why a value is none. The message is safe to show: it repeats a value only where `quoteRefused` allows it. */
export interface Problem {
  readonly code: 'BAD_VALUE' | 'INVALID' | 'MISSING' | 'AMBIGUOUS' | SecretFileProblem;
  readonly message: string;
  readonly help?: string;
}

export type SecretFileProblem = 'SECRET_FILE_UNREADABLE' | 'SECRET_FILE_EMPTY' | 'SECRET_FILE_TOO_LARGE';

/** What one layer says about one setting: a raw value, or a problem in getting at it. */
export interface Candidate {
  readonly source: Source;
  readonly raw: unknown;
  readonly problem?: Problem;
}

/** A raw value with its origin; the text of a secret is wrapped before anything else can see it. */
export const candidateOf = (node: SettingNode, raw: unknown, source: Source): Candidate => ({
  source,
  raw: node.meta.kind === 'secret' && typeof raw === 'string' ? new Secret(raw) : raw,
});
