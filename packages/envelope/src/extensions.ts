import { ATTRIBUTE_LIMITS, attributeFault, CORE_NAMES, isAttributeInteger } from './attributes.ts';
import { type Issue, pointerStep } from './issue.ts';

/** The CloudEvents types that an extension attribute may have. */
export type ExtensionType = 'string' | 'integer' | 'boolean';
export type ExtensionValue = string | number | boolean;

/** An extension attribute of one event, ready to be written. */
export type ExtensionEntry = readonly [name: string, value: ExtensionValue];

/** Extension names and types that an event may carry, in the order in which they are written. */
export type DeclaredExtensions = ReadonlyMap<string, ExtensionType>;

/** Extensions that need no declaration. Both only inform: Kafka has no priorities, and consumers choose topics. */
const PREDEFINED: readonly (readonly [string, ExtensionType])[] = [
  ['priority', 'integer'],
  ['target', 'string'],
];
const MAX_PRIORITY = 9;

/** Extensions that are set by an option of their own. */
const RESERVED: ReadonlySet<string> = new Set(['expirytime', 'dataref', 'environment', 'region', 'deployment']);

const NAME = /^[a-z][a-z0-9]{0,19}$/;
const TYPES: ReadonlySet<unknown> = new Set<ExtensionType>(['string', 'integer', 'boolean']);

/** The predefined extensions, then those of the option; `issues` says what is wrong with it. */
export function declareExtensions(option: Readonly<Record<string, ExtensionType>> = {}): {
  readonly declared: DeclaredExtensions;
  readonly issues: readonly Issue[];
} {
  const issues: Issue[] = [];
  const entries = Object.entries(option);
  const report = (name: string, message: string): void => {
    issues.push({ path: `/extensions${pointerStep(name)}`, message });
  };
  if (entries.length > ATTRIBUTE_LIMITS.extensions) {
    issues.push({ path: '/extensions', message: `must have at most ${ATTRIBUTE_LIMITS.extensions} names` });
  }
  for (const [name, type] of entries) {
    if (!NAME.test(name)) report(name, 'must have a name of a-z and 0-9, at most 20 characters');
    else if (CORE_NAMES.has(name) || RESERVED.has(name))
      report(name, 'is the name of an attribute with another meaning');
    if (!TYPES.has(type)) report(name, 'must be "string", "integer" or "boolean"');
  }
  return { declared: new Map([...PREDEFINED, ...entries]), issues };
}

function valueFault(name: string, type: ExtensionType, value: unknown): string | undefined {
  if (type === 'string') return attributeFault(value, ATTRIBUTE_LIMITS.attributeBytes);
  if (type === 'boolean') return typeof value === 'boolean' ? undefined : 'must be a boolean';
  if (typeof value !== 'number' || !isAttributeInteger(value)) return 'must be an integer of 32 bits';
  return name === 'priority' && (value < 0 || value > MAX_PRIORITY) ? `must be from 0 to ${MAX_PRIORITY}` : undefined;
}

/** The extensions of one event in declared order; what does not fit the declaration is added to `issues`. */
export function extensionEntries(
  declared: DeclaredExtensions,
  values: Readonly<Record<string, ExtensionValue>>,
  issues: Issue[],
): readonly ExtensionEntry[] {
  for (const name of Object.keys(values)) {
    if (!declared.has(name))
      issues.push({ path: `/extensions${pointerStep(name)}`, message: 'is not a declared extension' });
  }
  const entries: ExtensionEntry[] = [];
  for (const [name, type] of declared) {
    const value = values[name];
    if (value === undefined) continue;
    const fault = valueFault(name, type, value);
    if (fault === undefined) entries.push([name, value]);
    else issues.push({ path: `/extensions/${name}`, message: fault });
  }
  return entries;
}
