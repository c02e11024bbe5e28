/** What this machine has, found by running the tools, not by looking for them: an old Java and a Docker without an engine are on PATH too. */
import { configuredBrokers, configuredPostgres, type Environment } from './configured.ts';
import { hasDockerEngine } from './docker.ts';
import { cachedKafka } from './kafka/class-path.ts';
import { askJava } from './kafka/java.ts';
import { isPackaged, namedBinFolder, systemBinFolder } from './postgres/binaries.ts';
import type { Unavailable } from './shared-services.ts';
import {
  type KafkaFacts,
  type KafkaSource,
  kafkaSource,
  MINIMUM_JAVA,
  type PostgresFacts,
  type PostgresSource,
  postgresSource,
} from './sources.ts';
import { runTool, type ToolRunner } from './tools.ts';

export interface DetectionReport {
  readonly postgres: { readonly facts: PostgresFacts; readonly use: PostgresSource | Unavailable };
  readonly kafka: { readonly facts: KafkaFacts; readonly use: KafkaSource | Unavailable };
}

export interface DetectOptions {
  readonly tools?: ToolRunner;
  readonly env?: Environment;
  /** Asks every tool; default: only those whose answer matters. */
  readonly everything?: boolean;
}

const MAVEN_WITHIN_MS = 60_000;

const hasMaven = async (tools: ToolRunner): Promise<boolean> =>
  (await tools('mvn', ['-v'], { timeoutMs: MAVEN_WITHIN_MS })).status === 0;

const postgresFacts = async ({
  tools = runTool,
  env = process.env,
  everything = false,
}: DetectOptions): Promise<PostgresFacts> => {
  const configured = configuredPostgres(env) !== undefined;
  const named = namedBinFolder(env) !== undefined;
  const packaged = isPackaged();
  const enough = (known: boolean): boolean => known && !everything;
  const system = enough(configured || named || packaged) ? false : (await systemBinFolder(tools)) !== undefined;
  const docker = enough(configured || named || packaged || system) ? false : await hasDockerEngine(tools);
  return { configured, named, packaged, system, docker, platform: `${process.platform}-${process.arch}` };
};

const javaFacts = async (
  tools: ToolRunner,
  env: Environment,
): Promise<Pick<KafkaFacts, 'java' | 'classPathCached' | 'mavenError'>> => {
  const { major: java } = await askJava(tools, env['JAVA_HOME']);
  if (java === undefined || java < MINIMUM_JAVA) return { java };
  const { complete: classPathCached, failure } = cachedKafka(java);
  return { java, classPathCached, mavenError: env['DEV_SERVICES_RETRY'] === '1' ? undefined : failure };
};

/** Maven only matters with a Java for the broker and without its class path. */
const asksForMaven = ({ classPathCached }: KafkaFacts): boolean => classPathCached === false;

const kafkaFacts = async ({
  tools = runTool,
  env = process.env,
  everything = false,
}: DetectOptions): Promise<KafkaFacts> => {
  const configured = configuredBrokers(env).length > 0;
  if (configured && !everything) return { configured };
  const known = { configured, ...(await javaFacts(tools, env)) };
  const maven = everything || asksForMaven(known) ? await hasMaven(tools) : false;
  const docker =
    everything || typeof kafkaSource({ ...known, maven }) !== 'string' ? await hasDockerEngine(tools) : false;
  return { ...known, maven, docker };
};

/** Where PostgreSQL would come from. */
export const detectPostgres = async (o: DetectOptions = {}): Promise<DetectionReport['postgres']> => {
  const facts = await postgresFacts(o);
  return { facts, use: postgresSource(facts) };
};

/** Where Kafka would come from. */
export const detectKafka = async (o: DetectOptions = {}): Promise<DetectionReport['kafka']> => {
  const facts = await kafkaFacts(o);
  return { facts, use: kafkaSource(facts) };
};

/** What is there, what would be used, what is missing and why. Starts nothing. */
export const detectServices = async (o: Omit<DetectOptions, 'everything'> = {}): Promise<DetectionReport> => {
  const [postgres, kafka] = await Promise.all([
    detectPostgres({ ...o, everything: true }),
    detectKafka({ ...o, everything: true }),
  ]);
  return { postgres, kafka };
};
