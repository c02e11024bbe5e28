export { createDegrader } from './degrader.ts';

export type { DeadLetter } from './dead-letters.ts';
export type { DegradeOptions, HoldOptions, RunContext } from './degrade-options.ts';
export type {
  CloseReport,
  DeadLetters,
  Degrader,
  DegraderStats,
  ReplayOptions,
  ReplayReport,
  SubmitOptions,
} from './degrader.ts';
export type { DeadLetterDroppedMessage, DeadLetteredMessage, DequeuedMessage, QueuedMessage } from '../diagnostics.ts';
