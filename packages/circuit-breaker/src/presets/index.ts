export { composeClassify } from './compose.ts';
export { classifyKafka } from './kafka.ts';
export { classifyPostgres } from './postgres.ts';

export type { ClassifyPart } from './compose.ts';
