import { channel } from 'node:diagnostics_channel';

import type { DecodeCode } from './decode.ts';
import type { EventErrorCode } from './errors.ts';
import type { Issue } from './issue.ts';

/** `busbar:envelope:created`: a codec exists; `name` is its source. */
export interface CodecCreated {
  readonly name: string;
  readonly instance: { stats(): unknown };
}

/** `busbar:envelope:encode`: an event or tombstone was made; nothing is sent yet. */
export interface EventEncoded {
  readonly type: string;
  readonly name: string;
  readonly bytes: number;
  readonly durationMs: number;
}

/** `busbar:envelope:decode`: a record turned out to be a valid event. */
export interface EventDecoded extends EventEncoded {
  readonly writtenVersion: number;
}

/** `busbar:envelope:invalid`: an event was refused before it was stored, or a record is no valid event. */
export interface EventInvalid {
  readonly stage: 'publish' | 'consume';
  readonly code: EventErrorCode | DecodeCode;
  /** A registered name, else `_other`. */
  readonly name: string;
  readonly type?: string;
  readonly issues: readonly Issue[];
}

/** `busbar:envelope:oversize`: an event is larger than `warnBytes`, and was made nevertheless. */
export interface EventOversize {
  readonly name: string;
  readonly bytes: number;
  readonly warnBytes: number;
}

/** The channels of this package; a message is only built where `hasSubscribers`. */
export const CHANNELS = Object.freeze({
  created: channel('busbar:envelope:created'),
  encode: channel('busbar:envelope:encode'),
  decode: channel('busbar:envelope:decode'),
  invalid: channel('busbar:envelope:invalid'),
  oversize: channel('busbar:envelope:oversize'),
});
