import type { AnyEventDefinition, EventMap } from './define-event.ts';
import { RegistryInvalidError } from './errors.ts';
import { type Issue, pointerStep } from './issue.ts';
import { openConstructs, schemaProblems } from './schema-rules.ts';
import { createDataChecks, type DataChecks } from './validate.ts';

/** The events of a service, checked and frozen. */
export interface EventRegistry<R extends EventMap> {
  readonly definitions: Readonly<R>;
  /** Compiles every schema now, instead of at the first event of each. */
  compile(): void;
}

/** A definition with its compiled checks; shared by all codecs of the registry. */
export interface RegisteredEvent {
  readonly name: string;
  readonly definition: AnyEventDefinition;
  readonly checks: DataChecks;
}

/**
 * Makes the registry of a service's events.
 * @throws {@link RegistryInvalidError} with every problem of every definition.
 */
export function defineEvents<const R extends EventMap>(events: R): EventRegistry<R> {
  const issues = [
    ...Object.entries(events).flatMap(([name, d]) => definitionProblems(name, d)),
    ...sharedTypes(events),
  ];
  if (issues.length > 0) throw new RegistryInvalidError({ issues });
  const definitions = { ...events };
  Object.freeze(definitions);
  const registered = registeredEvents(definitions);
  for (const { name, definition } of registered) warnOfOpenSchema(name, definition);
  const registry: EventRegistry<R> = Object.freeze({
    definitions,
    compile: () => {
      for (const event of registered) event.checks.compile();
    },
  });
  REGISTERED.set(registry, registered);
  return registry;
}

const REGISTERED = new WeakMap<object, readonly RegisteredEvent[]>();

/** The registered events; of a registry from another copy of this package, they are made anew from its definitions. */
export function registeredEventsOf(registry: EventRegistry<EventMap>): readonly RegisteredEvent[] {
  return REGISTERED.get(registry) ?? registeredEvents(registry.definitions);
}

const registeredEvents = (definitions: EventMap): readonly RegisteredEvent[] =>
  Object.entries(definitions).map(([name, definition]) => ({
    name,
    definition,
    checks: createDataChecks(definition.schema),
  }));

/** The wire type without the codec's prefix: the definition's own, or name and major. */
export function localType(name: string, definition: AnyEventDefinition): string {
  return definition.type ?? `${name}.v${definition.version}`;
}

const NAME = /^[a-z][a-z0-9]*(?:\.[a-z][a-z0-9-]*)*$/;
const MAX_NAME_LENGTH = 200;
const TOPIC = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/;
const WIRE_TYPE = /^[\u0021-\u007e]{1,255}$/;
const MAX_VERSION = 999;

/** What is wrong with one definition (rule T1); also with one that plain JavaScript passed and the types never saw. */
function definitionProblems(name: string, definition: AnyEventDefinition): readonly Issue[] {
  const at = pointerStep(name);
  if (typeof definition !== 'object' || definition === null)
    return [{ path: at, message: 'must be an event definition' }];
  const { version, topic, key, subject, type, schema } = definition;
  const problems: Issue[] = [];
  const expect = (holds: boolean, path: string, message: string): void => {
    if (!holds) problems.push({ path: at + path, message });
  };
  expect(
    NAME.test(name) && name.length <= MAX_NAME_LENGTH,
    '',
    `must have a name like "order.created", at most ${MAX_NAME_LENGTH} characters`,
  );
  expect(
    Number.isInteger(version) && version >= 1 && version <= MAX_VERSION,
    '/version',
    `must be an integer from 1 to ${MAX_VERSION}`,
  );
  expect(
    typeof topic === 'string' && TOPIC.test(topic),
    '/topic',
    'must be a Kafka topic name: 1 to 249 of a-z A-Z 0-9 . _ -',
  );
  expect(
    key === null || typeof key === 'function',
    '/key',
    'must be a function of the data, or null for unordered events',
  );
  expect(subject === undefined || typeof subject === 'function', '/subject', 'must be a function of the data');
  expect(type === undefined || WIRE_TYPE.test(type), '/type', 'must be 1 to 255 printable ASCII characters');
  for (const problem of schemaProblems(schema)) problems.push({ ...problem, path: `${at}/schema${problem.path}` });
  return problems;
}

/** Two definitions with one wire type: a reader could not tell them apart. */
function sharedTypes(events: EventMap): readonly Issue[] {
  const nameOfType = new Map<string, string>();
  const problems: Issue[] = [];
  for (const [name, definition] of Object.entries(events)) {
    if (typeof definition !== 'object' || definition === null) continue;
    const type = localType(name, definition);
    const other = nameOfType.get(type);
    if (other === undefined) nameOfType.set(type, name);
    else problems.push({ path: `${pointerStep(name)}/type`, message: `is also the wire type of "${other}"` });
  }
  return problems;
}

function warnOfOpenSchema(name: string, definition: AnyEventDefinition): void {
  const paths = openConstructs(definition.schema);
  if (paths.length === 0) return;
  const where = paths.map((path) => `"${path}"`).join(', ');
  process.emitWarning(
    `event "${name}": unknown properties are not refused inside ${where} of its schema`,
    'BusbarSchemaWarning',
  );
}
