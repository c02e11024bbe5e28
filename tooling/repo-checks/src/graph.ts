import { dirname, join } from 'node:path';

import { importsOf } from './imports.ts';
import {
  dependencyNames,
  filesBelow,
  fromRoot,
  publishedPackages,
  type Check,
  type Finding,
  type PublishedPackage,
} from './repository.ts';

/**
 * The dependency graph of `docs/architecture.md`: folder → what its sources may import besides Node.js and themselves.
 * Type-only imports count. A driver subpath may import its own client, which is an optional peer of the package.
 */
export const ALLOWED_IMPORTS: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  retry: ['@busbar/errors'],
  'circuit-breaker': ['@busbar/errors', '@busbar/retry'],
  config: ['@busbar/errors', 'typebox'],
  envelope: ['@busbar/errors', 'typebox'],
  postgres: ['@busbar/errors', '@busbar/retry', 'pg', 'pg-pool'],
  'producer-pool': ['@busbar/errors', '@busbar/retry'],
  outbox: ['@busbar/errors', '@busbar/retry'],
  telemetry: ['@opentelemetry/api'],
  busbar: [
    '@busbar/circuit-breaker',
    '@busbar/config',
    '@busbar/envelope',
    '@busbar/errors',
    '@busbar/outbox',
    '@busbar/postgres',
    '@busbar/producer-pool',
    '@busbar/retry',
    '@busbar/telemetry',
    '@opentelemetry/api',
    'kafkajs',
    'typebox',
  ],
};

/** Imports that only the files below one folder of a package may have. */
const ONLY_BELOW: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'producer-pool': { kafkajs: 'src/kafkajs/', '@platformatic/kafka': 'src/platformatic/' },
};

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

const edgeProblem = (own: PublishedPackage, file: string, specifier: string): string | undefined => {
  const target = packageOf(specifier);
  const below = ONLY_BELOW[own.folder]?.[target];
  if (below !== undefined)
    return file.includes(`/${below}`) ? undefined : `only files below ${below} may import ${target}`;
  const allowed = ALLOWED_IMPORTS[own.folder];
  if (allowed === undefined) return `the package has no row in the dependency graph`;
  return allowed.includes(target) ? undefined : `${own.name} must not import ${target}`;
};

/** Every import of a published source is an edge of the dependency graph, and is declared in the manifest. */
export const graph: Check = (root) => {
  const findings: Finding[] = [];
  for (const own of publishedPackages(root)) {
    const declared = new Set(
      ['dependencies', 'peerDependencies'].flatMap((section) => dependencyNames(own.manifest, section)),
    );
    for (const file of filesBelow(join(own.directory, 'src'), '.ts')) {
      for (const { specifier, line } of importsOf(file)) {
        if (specifier.startsWith('node:') || specifier.startsWith('.')) continue;
        const where = `${fromRoot(root, file)}:${line}`;
        const problem = edgeProblem(own, fromRoot(root, file), specifier);
        if (problem !== undefined)
          findings.push({
            where,
            problem,
            remedy: 'meet through a structural port, or change docs/architecture.md first',
          });
        else if (!declared.has(packageOf(specifier)))
          findings.push({
            where,
            problem: `${packageOf(specifier)} is not declared in the manifest`,
            remedy: 'add it to dependencies or peerDependencies',
          });
      }
    }
  }
  return findings;
};

/** `index.ts` is for the outside: no source file imports one. */
export const indexImports: Check = (root) =>
  publishedPackages(root).flatMap((own) =>
    filesBelow(join(own.directory, 'src'), '.ts').flatMap((file) =>
      importsOf(file)
        .filter(({ specifier }) => specifier.startsWith('.') && /(?:^|\/)index\.ts$/u.test(specifier))
        .map(({ specifier, line }): Finding => ({
          where: `${fromRoot(root, file)}:${line}`,
          problem: `imports ${specifier}`,
          remedy: 'import the file that declares the name',
        })),
    ),
  );

/**
 * No file reaches itself through relative imports that are there when the program runs: such a cycle decides by load order what is
 * defined. A type-only one is gone by then, and is left to reviews.
 */
export const cycles: Check = (root) => {
  const findings: Finding[] = [];
  for (const own of publishedPackages(root)) {
    const files = filesBelow(join(own.directory, 'src'), '.ts');
    const edges = new Map(
      files.map((file) => [
        file,
        importsOf(file)
          .filter(({ specifier, typeOnly }) => specifier.startsWith('.') && !typeOnly)
          .map(({ specifier }) => join(dirname(file), specifier)),
      ]),
    );
    const cycle = findCycle(edges);
    if (cycle !== undefined)
      findings.push({
        where: fromRoot(root, cycle[0] ?? own.directory),
        problem: `import cycle: ${cycle.map((file) => fromRoot(own.directory, file)).join(' → ')}`,
        remedy: 'move what both need into a file of its own',
      });
  }
  return findings;
};

/** The first cycle of a directed graph as the nodes on it, the first one repeated at the end. */
export const findCycle = (edges: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined => {
  const finished = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): readonly string[] | undefined => {
    if (finished.has(node)) return undefined;
    const start = path.indexOf(node);
    if (start !== -1) return [...path.slice(start), node];
    path.push(node);
    for (const next of edges.get(node) ?? []) {
      const cycle = visit(next);
      if (cycle !== undefined) return cycle;
    }
    path.pop();
    finished.add(node);
    return undefined;
  };
  for (const node of edges.keys()) {
    const cycle = visit(node);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
};
