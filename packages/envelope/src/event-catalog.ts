import { ATTRIBUTE_LIMITS } from './attributes.ts';
import type { EventMap } from './define-event.ts';
import { EventOptionsError } from './errors.ts';
import { type Issue, pointerStep } from './issue.ts';
import { type EventRegistry, localType, type RegisteredEvent, registeredEventsOf } from './registry.ts';

/** An event with its names on the wire. */
export interface WireEvent extends RegisteredEvent {
  readonly type: string;
  readonly dataschema: string;
}

/** The events of a codec, found by name when written and by wire type when read. */
export interface EventCatalog {
  readonly events: readonly WireEvent[];
  byName(name: string): WireEvent | undefined;
  byType(type: string): WireEvent | undefined;
  /** The event whose wire type differs from `type` in its major version only. */
  otherMajorOf(type: string): WireEvent | undefined;
}

const MAJOR = /\.v[1-9][0-9]{0,2}$/;

/**
 * Gives every event of the registry its wire type `<typePrefix.><name>.v<major>`.
 * @throws {@link EventOptionsError} when the prefix makes a type too long, or equal to a foreign one.
 */
export function createEventCatalog(registry: EventRegistry<EventMap>, typePrefix: string | undefined): EventCatalog {
  const events = registeredEventsOf(registry).map((event) => wireEvent(event, typePrefix));
  const byName = new Map(events.map((event) => [event.name, event]));
  const byType = new Map(events.map((event) => [event.type, event]));
  const byStem = new Map(events.map((event) => [event.type.replace(MAJOR, ''), event]));
  const issues = events.flatMap((event) => typeProblems(event, byType));
  if (issues.length > 0) throw new EventOptionsError({ issues });
  return {
    events,
    byName: (name) => byName.get(name),
    byType: (type) => byType.get(type),
    otherMajorOf: (type) => (MAJOR.test(type) ? byStem.get(type.replace(MAJOR, '')) : undefined),
  };
}

function wireEvent(event: RegisteredEvent, typePrefix: string | undefined): WireEvent {
  const { name, definition } = event;
  const prefix = typePrefix === undefined ? '' : `${typePrefix}.`;
  const type = definition.type ?? prefix + localType(name, definition);
  // A dotted prefix is no valid URN namespace, so it is a part of the name within ours.
  const dataschema = ['urn:busbar', ...(typePrefix === undefined ? [] : [typePrefix]), name, definition.version].join(
    ':',
  );
  return { ...event, type, dataschema };
}

function typeProblems(event: WireEvent, byType: ReadonlyMap<string, WireEvent>): readonly Issue[] {
  const issues: Issue[] = [];
  const path = `/typePrefix${pointerStep(event.name)}`;
  if (event.type.length > ATTRIBUTE_LIMITS.typeBytes) {
    issues.push({ path, message: `makes a wire type of more than ${ATTRIBUTE_LIMITS.typeBytes} characters` });
  }
  if (byType.get(event.type) !== event)
    issues.push({ path, message: 'makes a wire type that another event has as well' });
  return issues;
}
