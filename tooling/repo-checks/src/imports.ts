import { readFileSync } from 'node:fs';

export interface ImportedModule {
  readonly specifier: string;
  /** 1-based. */
  readonly line: number;
}

const SPECIFIER = /\b(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/gu;

/**
 * What a TypeScript file imports, re-exports or loads dynamically, type-only imports included.
 *
 * A scan of the text, since TypeScript 7 has no stable API. Comment lines are left out, so that an example in a doc comment is
 * no import; a string that looks like an import would be taken for one, which errs on the strict side.
 */
export const importsOf = (file: string): readonly ImportedModule[] => importsIn(readFileSync(file, 'utf8'));

export const importsIn = (text: string): readonly ImportedModule[] => {
  const code = text
    .split('\n')
    .map((line) => (/^\s*(?:\*|\/\/|\/\*)/u.test(line) ? '' : line))
    .join('\n');
  return [...code.matchAll(SPECIFIER)].map((match) => ({
    specifier: match[2] ?? '',
    line: code.slice(0, match.index).split('\n').length,
  }));
};
