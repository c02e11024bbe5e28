/** What the command line prints, as text: pure. */
import type { DetectionReport } from './detect.ts';
import { KAFKA_USER } from './kafka/listeners.ts';
import type { Services } from './services.ts';
import type { Unavailable } from './shared-services.ts';

/** The lines by which an application, and a test run, find the services. */
export const environmentLines = ({ postgres, kafka, stateFile }: Services): readonly string[] => [
  ...(postgres.available
    ? [
        `BUSBAR_POSTGRES_HOST=${postgres.host}`,
        `BUSBAR_POSTGRES_PORT=${postgres.port}`,
        `BUSBAR_POSTGRES_USER=${postgres.user}`,
        `BUSBAR_POSTGRES_PASSWORD=${postgres.password}`,
        'BUSBAR_POSTGRES_DATABASE=postgres',
      ]
    : []),
  ...(kafka.available ? [`BUSBAR_KAFKA_BROKERS=${kafka.brokers.join(',')}`] : []),
  `DEV_SERVICES_STATE=${stateFile}`,
];

/**
 * The doors of the brokers besides the plain one, as comments between the lines above; `caFile` holds the authority of their certificates.
 */
export const listenerLines = ({ kafka }: Pick<Services, 'kafka'>, caFile: string): readonly string[] => {
  if (!kafka.available || kafka.certificates === undefined) return [];
  const { username, password } = KAFKA_USER;
  const doors = Object.entries(kafka.listeners).filter(([name, at]) => name !== 'plain' && at.length > 0);
  return [
    ...doors.map(([name, at]) => `# ${name}: ${at.join(',')}`),
    `# authority: ${caFile}; user of sasl, by every mechanism: ${username}, ${password}`,
  ];
};

const yesNo = (fact: boolean | undefined): string => (fact === true ? 'yes' : 'no');

const verdict = (name: string, use: string | Unavailable): readonly string[] =>
  typeof use === 'string' ? [`${name}: from ${use}`] : [`${name}: not available. ${use.reason}.`, `  ${use.help}`];

/** The answer of `doctor`. */
export const detectionLines = ({ postgres, kafka }: DetectionReport): readonly string[] => [
  ...verdict('PostgreSQL', postgres.use),
  `  configured: ${yesNo(postgres.facts.configured)}`,
  `  npm binaries for ${postgres.facts.platform}: ${yesNo(postgres.facts.packaged)}`,
  `  of the system: ${yesNo(postgres.facts.system || postgres.facts.named)}`,
  ...verdict('Kafka', kafka.use),
  `  configured: ${yesNo(kafka.facts.configured)}`,
  `  Java: ${kafka.facts.java ?? 'none'}`,
  `  broker fetched before: ${yesNo(kafka.facts.classPathCached)}`,
  `  Maven: ${yesNo(kafka.facts.maven)}${kafka.facts.mavenError === undefined ? '' : `, which failed: ${kafka.facts.mavenError}`}`,
  `Docker engine: ${yesNo(kafka.facts.docker)}`,
];
