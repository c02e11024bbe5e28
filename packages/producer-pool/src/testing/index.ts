export { memoryDriver } from './memory-driver.ts';
export type { MemoryDriver, MemoryDriverOptions, MemoryRecord } from './memory-driver.ts';
