export { createBusbar } from './create-busbar.ts';
export type { Busbar, BusbarOptions, BusStats } from './busbar.ts';
export type { BusTx } from './bus-transaction.ts';
export type { Published, PublishOptions } from './event-bus.ts';
export type { BusHealth } from './health.ts';
export type { BusCloseReport, ClosedPart } from './lifecycle.ts';
export type { BusbarSettings, BusbarSettingsSchema } from './settings/schema.ts';

// Defining events
export { defineEvent, defineEvents } from '@busbar/envelope';
export type { DataOf, EncodeOptions, EventDefinition, EventMap, EventOf, EventRegistry } from '@busbar/envelope';

// Telling errors apart
export { hasCode, isBusbarError } from '@busbar/errors';
