import type { Finding } from '../repository.ts';
import type { DeclaredClass, DeclaredErrors, ErrorExample } from './declared-errors.ts';

/** Folder of a package → areas of its codes, `BUSBAR_<AREA>_<CAUSE>`. */
const AREAS: Readonly<Record<string, readonly string[]>> = {
  'circuit-breaker': ['BREAKER'],
  config: ['CONFIG', 'STARTUP'],
  envelope: ['EVENT'],
  outbox: ['OUTBOX'],
  postgres: ['POSTGRES'],
  'producer-pool': ['PRODUCER'],
  retry: ['RETRY'],
  telemetry: ['TELEMETRY'],
  busbar: ['STARTUP'],
};

/** The codes without an area, which the package of the family itself declares. */
const SHARED = new Set(['BUSBAR_ABORTED', 'BUSBAR_TIMEOUT', 'BUSBAR_INTERNAL']);
/** On the platform an abort has this name, whatever the class. */
const PLATFORM_NAMES: Readonly<Record<string, string>> = { BUSBAR_ABORTED: 'AbortError' };

const where = (folder: string): string => `packages/${folder}`;

/** Whether a code may stand in a package. */
const belongs = ({ folder, code }: DeclaredClass): boolean =>
  folder === 'errors' ? SHARED.has(code) : (AREAS[folder] ?? []).some((area) => code.startsWith(`BUSBAR_${area}_`));

const duplicates = (classes: readonly DeclaredClass[], key: 'code' | 'name'): readonly Finding[] =>
  classes
    .filter((own, index) => classes.findIndex((other) => other[key] === own[key]) !== index)
    .map((own) => ({
      where: where(own.folder),
      problem: `the ${key} ${own[key]} of ${own.exportName} is that of another class`,
      remedy: `give the class a ${key} of its own; ${key}s are unique in the repository`,
    }));

const classProblems = (own: DeclaredClass, examples: readonly ErrorExample[]): readonly string[] => {
  const name = PLATFORM_NAMES[own.code] ?? own.exportName;
  return [
    ...(belongs(own) ? [] : [`${own.code} is of no area of this package`]),
    ...(own.name === name ? [] : [`${own.exportName} calls itself ${own.name}`]),
    ...(own.when.trim() === '' ? [`the spec of ${own.exportName} has no "when"`] : []),
    ...(own.remedy.trim() === '' ? [`the spec of ${own.exportName} has no "remedy"`] : []),
    ...(examples.some(({ folder, key }) => folder === own.folder && key === own.code)
      ? []
      : [`${own.code} has no example in test/error-examples.ts, so it is missing from the union of codes, or there`]),
  ];
};

const exampleProblems = (own: ErrorExample, { classes }: DeclaredErrors, docsUrl: string): readonly string[] => {
  const declared = classes.some(({ folder, code }) => folder === own.folder && code === own.key);
  // Empty where a package must not depend on the family, and its errors only have the same shape.
  const expectedUrl = `${docsUrl}#${own.key.toLowerCase()}`;
  return [
    ...(declared ? [] : [`${own.key} has an example but no entry point exports its class`]),
    ...(own.code === own.key ? [] : [`the example of ${own.key} has the code ${own.code}`]),
    ...(own.docsUrl === expectedUrl || own.docsUrl === ''
      ? []
      : [`${own.key} is explained at ${own.docsUrl}, not at ${expectedUrl}`]),
  ];
};

/** What is wrong with the errors of all packages; `docsUrl` is the address of the page of codes. */
export const errorFindings = (declared: DeclaredErrors, docsUrl: string): readonly Finding[] => {
  const { classes, examples, failures } = declared;
  const imports = failures.map(({ file, message }) => ({
    where: file,
    problem: `cannot be imported: ${message}`,
    remedy: 'every entry point of a manifest must load from source',
  }));
  const found = [
    ...classes.flatMap((own) => classProblems(own, examples).map((problem) => ({ folder: own.folder, problem }))),
    ...examples.flatMap((own) =>
      exampleProblems(own, declared, docsUrl).map((problem) => ({ folder: own.folder, problem })),
    ),
  ].map(({ folder, problem }) => ({
    where: where(folder),
    problem,
    remedy: 'correct the spec in src/errors.ts, the union type of codes, or test/error-examples.ts',
  }));
  return [...imports, ...duplicates(classes, 'code'), ...duplicates(classes, 'name'), ...found];
};

/** Codes of the own area that a README does not name, in full or without `BUSBAR_<AREA>_`. */
export const readmeFindings = (classes: readonly DeclaredClass[], readmes: ReadonlyMap<string, string>): Finding[] =>
  classes
    .filter(({ folder, code }) => {
      const text = readmes.get(folder) ?? '';
      const cause = code.replace(/^BUSBAR_[A-Z]+_/u, '');
      return !new RegExp(`(?<![A-Z_])(?:${code}|${cause})(?![A-Z_])`, 'u').test(text);
    })
    .map(({ folder, code }) => ({
      where: `${where(folder)}/README.md`,
      problem: `does not name ${code}`,
      remedy: 'add its row to the table of errors',
    }));
