/**
 * Run as a process of its own, with the condition `@busbar/source` and the root of the repository: imports every entry point and every `error-examples.ts`
 * and prints what they declare as JSON. A process, because the conditions of the running one cannot be changed.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { fromRoot, isRecord, publishedPackages, type PublishedPackage } from '../repository.ts';
import type { DeclaredErrors } from './declared-errors.ts';

/** A package is asked after those it depends on, so that what it only passes on belongs to them; the umbrella is last. */
const ORDER = ['errors', 'retry'];
const UMBRELLA = 'busbar';

const root = process.argv[2] ?? process.cwd();
const classes: DeclaredErrors['classes'][number][] = [];
const examples: DeclaredErrors['examples'][number][] = [];
const failures: DeclaredErrors['failures'][number][] = [];
const seen = new Set<unknown>();

const importFile = async (file: string): Promise<Readonly<Record<string, unknown>>> => {
  try {
    const loaded: unknown = await import(pathToFileURL(file).href);
    return isRecord(loaded) ? loaded : {};
  } catch (error) {
    failures.push({ file: fromRoot(root, file), message: String(error) });
    return {};
  }
};

const sourceFiles = ({ directory, manifest }: PublishedPackage): readonly string[] => {
  const exported = isRecord(manifest['exports']) ? Object.values(manifest['exports']) : [];
  return exported.flatMap((entry) =>
    isRecord(entry) && typeof entry['@busbar/source'] === 'string' ? [join(directory, entry['@busbar/source'])] : [],
  );
};

const specOf = (value: unknown): Readonly<Record<string, unknown>> | undefined => {
  if (typeof value !== 'function' || !Object.hasOwn(value, 'spec')) return undefined;
  const spec: unknown = Reflect.get(value, 'spec');
  return isRecord(spec) ? spec : undefined;
};

const rank = ({ folder }: PublishedPackage): number => {
  const index = ORDER.indexOf(folder);
  if (index !== -1) return index;
  return folder === UMBRELLA ? Number.POSITIVE_INFINITY : ORDER.length;
};

/** Text of a property, empty where it is none: the check says so. */
const textOf = (value: object, key: string): string => {
  const text: unknown = Reflect.get(value, key);
  return typeof text === 'string' ? text : '';
};

for (const own of publishedPackages(root).toSorted((a, b) => rank(a) - rank(b))) {
  const { folder } = own;
  for (const file of sourceFiles(own)) {
    // oxlint-disable-next-line no-await-in-loop -- in the order of the dependencies
    for (const [exportName, value] of Object.entries(await importFile(file))) {
      const spec = specOf(value);
      if (spec === undefined || seen.has(value)) continue;
      seen.add(value);
      const outcome = textOf(spec, 'outcome');
      classes.push({
        folder,
        exportName,
        name: textOf(spec, 'name'),
        code: textOf(spec, 'code'),
        retryable: spec['retryable'] === true,
        ...(outcome !== '' && { outcome }),
        when: textOf(spec, 'when'),
        remedy: textOf(spec, 'remedy'),
      });
    }
  }
  const file = join(own.directory, 'test', 'error-examples.ts');
  if (!existsSync(file)) continue;
  // oxlint-disable-next-line no-await-in-loop -- in the order of the dependencies
  const { errorExamples } = await importFile(file);
  for (const [key, example] of Object.entries(isRecord(errorExamples) ? errorExamples : {})) {
    if (typeof example !== 'object' || example === null) continue;
    examples.push({
      folder,
      key,
      code: textOf(example, 'code'),
      name: textOf(example, 'name'),
      docsUrl: textOf(example, 'docsUrl'),
    });
  }
}

process.stdout.write(JSON.stringify({ classes, examples, failures } satisfies DeclaredErrors));
