export { createMemoryPublisher, refused } from './memory-publisher.ts';
export type { MemoryPublisher, MemoryPublisherOptions, Verdict } from './memory-publisher.ts';
export { checkOrder } from './order-checker.ts';
export type { CommittedEvent, LoggedEvent, OrderReport } from './order-checker.ts';
export { publisherConformance } from './publisher-conformance.ts';
export type { ConformanceCase, PublisherHarness } from './publisher-conformance.ts';
