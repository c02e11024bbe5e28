/**
 * Apache Kafka as a Java class path, resolved once by Maven from `pom.xml` and remembered by the pom's content:
 *
 *     node_modules/.cache/busbar/kafka/<hash>-java<major>/class-path.txt   the jars, in Maven's local repository
 *                                                        /kafka.args       the same as an argument file of `java`: a hundred jars exceed
 *                                                                          the command line of Windows
 *                                                        /failed.json      why it could not be resolved, for ten minutes
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

import { cacheFolder } from '../cache-folder.ts';
import { DevServiceError } from '../errors.ts';
import { withLock } from '../lock.ts';
import { poll } from '../poll.ts';
import { isJsonRecord, numberOf, stringOf } from '../record.ts';
import { cannotResolve, NO_MAVEN } from '../sources.ts';
import { runTool, type ToolRunner } from '../tools.ts';
import { findJava } from './java.ts';

export interface KafkaInstallation {
  /** `4.3.1`. */
  readonly version: string;
  readonly java: { readonly command: string; readonly major: number };
  /** Arguments that put Kafka on the class path: `java @…/kafka.args kafka.Kafka server.properties`. */
  readonly argumentFile: string;
}

const POM = fileURLToPath(new URL('../../pom.xml', import.meta.url));
const ASK_WITHIN_MS = 60_000;
const RESOLVE_WITHIN_MS = 300_000;
const REMEMBER_FAILURE_MS = 600_000;

/** The part of a file's text between two texts; empty when there is none. */
const between = (text: string, start: string, end: string): string => text.split(start)[1]?.split(end)[0] ?? '';

/** An argument file of `java`: quoted, with backslashes doubled. */
export const argumentFileText = (classPath: string): string => `-cp\n"${classPath.replaceAll('\\', '\\\\')}"\n`;

/** Whether every jar is there and has content: a local repository may have been cleaned, or a download cut short. */
export const isComplete = (
  classPath: string,
  sizeOf: (file: string) => number = (file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0,
): boolean => classPath !== '' && classPath.split(delimiter).every((jar) => sizeOf(jar) > 0);

/** The first `[ERROR]` line of Maven, without its mark: it names the artifact and the repository. */
export const mavenError = (colored: string): string => {
  const output = stripVTControlCharacters(colored);
  return (
    /^\[ERROR\] *(.+)$/m.exec(output)?.[1]?.trim() ??
    (output.trim().split('\n').at(-1) || 'Maven failed without a word')
  );
};

/** Maven reads `MAVEN_ARGS` itself from 3.9 on; for an older one its words are added to the command line. */
export const mavenArguments = (versionAnswer: string, mavenArgs: string): readonly string[] => {
  const [, major, minor] = /Maven (\d+)\.(\d+)/.exec(versionAnswer) ?? [];
  const readsItself = Number(major) > 3 || (Number(major) === 3 && Number(minor) >= 9);
  return readsItself ? [] : mavenArgs.split(/\s+/).filter((word) => word !== '');
};

const textOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // not there yet
  }
};

interface Cache {
  readonly folder: string;
  readonly version: string;
}

const cacheOf = (javaMajor: number, parent = cacheFolder('kafka')): Cache => {
  const pom = readFileSync(POM, 'utf8');
  const hash = createHash('sha256').update(pom).digest('hex').slice(0, 16);
  const folder = join(parent, `${hash}-java${javaMajor}`);
  mkdirSync(folder, { recursive: true });
  return { folder, version: between(pom, '<kafka.version>', '</kafka.version>') };
};

/** Maven's error of the last ten minutes. */
const failureIn = (folder: string): string | undefined => {
  const text = textOf(join(folder, 'failed.json'));
  const record: unknown = text === '' ? undefined : JSON.parse(text);
  if (!isJsonRecord(record) || Date.now() - numberOf(record, 'failedAt') > REMEMBER_FAILURE_MS) return undefined;
  return stringOf(record, 'reason');
};

const resolveFailed = (reason: string): DevServiceError =>
  new DevServiceError('RESOLVE_FAILED', { service: 'Kafka', ...cannotResolve(reason) });

const resolveByMaven = async (cache: Cache, tools: ToolRunner): Promise<string> => {
  const { status: found, stdout: version } = await tools('mvn', ['-v'], { timeoutMs: ASK_WITHIN_MS });
  if (found !== 0) throw new DevServiceError('NOT_AVAILABLE', { service: 'Kafka', ...NO_MAVEN });
  const draft = join(cache.folder, `class-path.${process.pid}`);
  const args = [...mavenArguments(version, process.env['MAVEN_ARGS'] ?? ''), '-B', '-ntp', '-q', '-f', POM];
  const { status, stdout, stderr } = await tools(
    'mvn',
    [...args, 'dependency:build-classpath', `-Dmdep.outputFile=${draft}`],
    { timeoutMs: RESOLVE_WITHIN_MS },
  );
  const classPath = textOf(draft).trim();
  if (status === 0 && isComplete(classPath)) {
    writeFileSync(join(cache.folder, 'kafka.args'), argumentFileText(classPath));
    renameSync(draft, join(cache.folder, 'class-path.txt'));
    return classPath;
  }
  rmSync(draft, { force: true });
  const reason = status === -1 ? `no result within ${RESOLVE_WITHIN_MS / 1_000} s` : mavenError(stdout + stderr);
  writeFileSync(join(cache.folder, 'failed.json'), JSON.stringify({ failedAt: Date.now(), reason }));
  throw resolveFailed(reason);
};

const cachedIn = (folder: string): string | undefined => {
  const classPath = textOf(join(folder, 'class-path.txt')).trim();
  return isComplete(classPath) ? classPath : undefined;
};

/** What the cache knows about Kafka for a Java: whether all jars are still there, or why Maven failed a moment ago. */
export const cachedKafka = (
  javaMajor: number,
): { readonly complete: boolean; readonly failure: string | undefined } => {
  const { folder } = cacheOf(javaMajor);
  return { complete: cachedIn(folder) !== undefined, failure: failureIn(folder) };
};

export interface FindKafkaOptions {
  readonly tools?: ToolRunner;
  /** Asks Maven again although it failed a moment ago. Default: `DEV_SERVICES_RETRY=1`. */
  readonly retry?: boolean;
  /** Where class paths are remembered; default: in the repository's `node_modules`. */
  readonly cache?: string;
}

/**
 * Kafka, ready to be run; fetched first if this machine has not seen it (6–60 s, once). Concurrent calls, also of several processes, fetch
 * it once.
 * @throws {DevServiceError} NOT_AVAILABLE without Java 17 or, for the first time, Maven; RESOLVE_FAILED with Maven's first error
 */
export const findKafka = async (o: FindKafkaOptions = {}): Promise<KafkaInstallation> => {
  const tools = o.tools ?? runTool;
  const java = await findJava(tools);
  const cache = cacheOf(java.major, o.cache);
  const failure = cachedIn(cache.folder) === undefined ? failureIn(cache.folder) : undefined;
  if (failure !== undefined && !(o.retry ?? process.env['DEV_SERVICES_RETRY'] === '1')) throw resolveFailed(failure);
  const classPath = await poll(
    () => cachedIn(cache.folder) ?? withLock(join(cache.folder, 'lock'), () => resolveByMaven(cache, tools)),
    { intervalMs: 200, timeoutMs: RESOLVE_WITHIN_MS },
  );
  if (classPath === undefined) throw resolveFailed('another process is still at it');
  return { version: cache.version, java, argumentFile: join(cache.folder, 'kafka.args') };
};
