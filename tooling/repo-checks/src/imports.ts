import { readFileSync } from 'node:fs';

export interface ImportedModule {
  readonly specifier: string;
  /** 1-based, of the end of the statement. */
  readonly line: number;
  /** `import type` or `export type`: gone when the program runs. */
  readonly typeOnly: boolean;
}

/** A static import or re-export over any number of lines, an import for its effect, a dynamic import. */
const SPECIFIER =
  /^\s*(?:import|export)\b[^;'"]*?\bfrom\s*['"]([^'"\n]+)['"]|^\s*import\s*['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"\n]+)['"]/gmu;

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
    specifier: match[1] ?? match[2] ?? match[3] ?? '',
    line: code.slice(0, match.index + match[0].length).split('\n').length,
    typeOnly: /^\s*(?:import|export)\s+type\b/u.test(match[0]),
  }));
};
