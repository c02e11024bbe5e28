/**
 * Where a service comes from: the first that is there of
 *
 *     configured (BUSBAR_*) → packaged (npm binaries; Maven and Java, or a class path that Maven resolved before) → system → Docker
 *
 * Pure: facts in, choice out. A fact nobody has asked for yet is `undefined` and counts as "not there", so that the dear questions
 * (`mvn -v`, `docker info`) are only asked when the answer matters.
 */
import type { Unavailable } from './shared-services.ts';

export interface PostgresFacts {
  readonly configured: boolean;
  /** `DEV_SERVICES_POSTGRES_BIN_DIR` is set: it wins over the package. */
  readonly named: boolean;
  readonly packaged: boolean;
  /** `initdb` and `postgres` of the system. */
  readonly system: boolean;
  readonly docker?: boolean;
  /** `linux-x64`. */
  readonly platform: string;
}

export interface KafkaFacts {
  readonly configured: boolean;
  /** Major version, `undefined` without Java. */
  readonly java?: number | undefined;
  readonly classPathCached?: boolean;
  readonly maven?: boolean;
  /** Maven's first error, when it tried within the last ten minutes. */
  readonly mavenError?: string | undefined;
  readonly docker?: boolean;
}

export type PostgresSource = 'configured' | 'embedded' | 'system' | 'docker';
export type KafkaSource = 'configured' | 'maven' | 'docker';

/** Kafka 4's servers need it. */
export const MINIMUM_JAVA = 17;

const unavailable = (reason: string, help: string): Unavailable => ({ available: false, reason, help });

export const NO_MAVEN = unavailable(
  'Maven is needed once to fetch the broker',
  'Install Maven or Docker, or set BUSBAR_KAFKA_BROKERS to brokers that run.',
);

export const noJava = (major: number | undefined): Unavailable =>
  unavailable(
    `Kafka needs Java ${MINIMUM_JAVA} or newer; none found${major === undefined ? '' : ` (found ${major})`}`,
    `Install a JDK ${MINIMUM_JAVA} or Docker, or set BUSBAR_KAFKA_BROKERS to brokers that run.`,
  );

export const cannotResolve = (error: string): Unavailable =>
  unavailable(
    `Maven cannot fetch the broker: ${error}`,
    "A proxy or mirror belongs into Maven's settings.xml or MAVEN_ARGS. It is asked again after ten minutes, or with DEV_SERVICES_RETRY=1.",
  );

export const noPostgresBinaries = (platform: string): Unavailable =>
  unavailable(
    `no PostgreSQL binaries for ${platform}`,
    'Install the optional dependencies or a PostgreSQL of the system, or set BUSBAR_POSTGRES_HOST, _PORT, _USER and _PASSWORD.',
  );

export const noPostgresMajor = (major: number): Unavailable =>
  unavailable(`PostgreSQL ${major} is not installed`, `Install the Debian package postgresql-${major}.`);

export const postgresSource = (facts: PostgresFacts): PostgresSource | Unavailable => {
  if (facts.configured) return 'configured';
  if (facts.named) return 'system';
  if (facts.packaged) return 'embedded';
  if (facts.system) return 'system';
  return facts.docker === true ? 'docker' : noPostgresBinaries(facts.platform);
};

export const kafkaSource = (facts: KafkaFacts): KafkaSource | Unavailable => {
  if (facts.configured) return 'configured';
  const hasJava = facts.java !== undefined && facts.java >= MINIMUM_JAVA;
  if (hasJava && facts.classPathCached === true) return 'maven';
  if (hasJava && facts.maven === true && facts.mavenError === undefined) return 'maven';
  if (facts.docker === true) return 'docker';
  if (!hasJava) return noJava(facts.java);
  return facts.maven === true ? cannotResolve(facts.mavenError ?? '') : NO_MAVEN;
};
