import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { collectErrors, type DeclaredClass } from './errors/declared-errors.ts';
import { errorFindings, readmeFindings } from './errors/findings.ts';
import { type ClosedList, isReleased, nextVersion, PAGE, renderPage, sinceOf } from './errors/page.ts';
import { type Check, type Finding, isRecord, type PublishedPackage, publishedPackages } from './repository.ts';

const readIfThere = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/** The address of the page in the repository that the manifests name. */
const pageUrl = (packages: readonly PublishedPackage[]): string => {
  const repository = packages.find(({ folder }) => folder === 'errors')?.manifest['repository'];
  const url = isRecord(repository) ? String(repository['url']) : '';
  return `${url.replace(/^git\+/u, '').replace(/\.git$/u, '')}/blob/main/${PAGE}`;
};

/** The literals in capitals between the first place of `start` in a file and the next semicolon. */
const literalsAfter = (file: string, start: string): readonly string[] => {
  const text = readFileSync(file, 'utf8');
  const from = text.indexOf(start);
  if (from === -1) throw new Error(`${file} has no "${start}"`);
  return [...text.slice(from, text.indexOf(';', from)).matchAll(/'([A-Z_]+)'/gu)].map(([, code = '']) => code);
};

const closedLists = (root: string): readonly ClosedList[] => [
  {
    title: 'Issues of a configuration (`@busbar/config`, `Issue.code`)',
    codes: literalsAfter(join(root, 'packages/config/src/issue.ts'), 'ISSUE_CODES'),
  },
  {
    title: 'Records that are no event (`@busbar/envelope`, `DecodeResult.code`)',
    codes: literalsAfter(join(root, 'packages/envelope/src/decode.ts'), 'export type DecodeCode'),
  },
];

/** Folders of the packages whose next release is a major one, by the changesets that wait for it. */
const majorFolders = (root: string): readonly string[] => {
  const folder = join(root, '.changeset');
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.md')) : [];
  return names.flatMap((name) =>
    [...readFileSync(join(folder, name), 'utf8').matchAll(/^['"]?(?:@busbar\/)?([\w-]+)['"]?:\s*major\s*$/gmu)].map(
      ([, changed = '']) => changed,
    ),
  );
};

interface Page {
  readonly before: string;
  readonly text: string;
  readonly findings: readonly Finding[];
}

interface Vanished {
  readonly before: ReadonlyMap<string, string>;
  readonly classes: readonly DeclaredClass[];
  readonly majors: readonly string[];
}

/** Released codes that no class has any more. Their package is no longer known, so any major changeset is an answer. */
const vanishedFindings = ({ before, classes, majors }: Vanished, isOut: (since: string) => boolean): Finding[] =>
  [...before]
    .filter(([code, since]) => isOut(since) && !classes.some((own) => own.code === code) && majors.length === 0)
    .map(([code, since]) => ({
      where: PAGE,
      problem: `${code} is gone, which exists since ${since}`,
      remedy: 'keep the class, or add a changeset that says major; a code is never used again for something else',
    }));

const buildPage = async (root: string): Promise<Page> => {
  const packages = publishedPackages(root);
  const versions = new Map(packages.map(({ folder, manifest }) => [folder, String(manifest['version'])]));
  const declared = await collectErrors(root);
  const before = readIfThere(join(root, PAGE));
  const known = sinceOf(before);
  const since = new Map(
    declared.classes.map(({ folder, code }) => {
      const current = versions.get(folder) ?? '0.0.0';
      const noted = known.get(code);
      return [code, noted !== undefined && isReleased(noted, current) ? noted : nextVersion(current)];
    }),
  );
  const newest = [...versions.values()].reduce((a, b) => (isReleased(a, b) ? b : a), '0.0.0');
  const readmes = new Map(packages.map(({ folder, directory }) => [folder, readIfThere(join(directory, 'README.md'))]));
  return {
    before,
    text: renderPage({ classes: declared.classes, since, lists: closedLists(root) }),
    findings: [
      ...errorFindings(declared, pageUrl(packages)),
      ...readmeFindings(declared.classes, readmes),
      ...vanishedFindings({ before: known, classes: declared.classes, majors: majorFolders(root) }, (version) =>
        isReleased(version, newest),
      ),
    ],
  };
};

/** The errors of all packages keep the rules of the family, and the page of codes is the one they make. */
export const errors: Check = async (root) => {
  const { before, text, findings } = await buildPage(root);
  if (before === text) return findings;
  const stale = {
    where: PAGE,
    problem: 'is not what the error classes make of it',
    remedy: 'run node tooling/repo-checks/src/main.ts errors --write',
  };
  return [...findings, stale];
};

/** Writes the page of codes, and says what else is wrong; a page that would lose a released code is not written. */
export const writeErrorCodes: Check = async (root) => {
  const { text, findings } = await buildPage(root);
  if (!findings.some(({ where }) => where === PAGE)) writeFileSync(join(root, PAGE), text);
  return findings;
};
