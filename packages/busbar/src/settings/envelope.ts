import { Setting } from '@busbar/config';
import { CODEC_DEFAULTS as DEFAULTS, CODEC_LIMITS as LIMITS } from '@busbar/envelope';

import { size } from './limits.ts';

const { group, oneOf, optional, sizeBytes, string } = Setting;

const bytes = { min: LIMITS.minBytes, max: LIMITS.maxBytes };
const constant = { maxLength: LIMITS.constantBytes };

/** The `events.*` settings: `BUSBAR_EVENTS_…`. Meaning and rules are those of `CodecOptions`. */
export const eventsSettings = group({
  source: string({ doc: 'source attribute of every event: a URI reference', maxLength: 512 }),
  typePrefix: optional(string({ doc: 'reverse DNS name before the event type', maxLength: LIMITS.typePrefixLength })),
  mode: oneOf(['binary', 'structured'], { default: DEFAULTS.mode, doc: 'attributes as headers, or one JSON document' }),
  maxBytes: sizeBytes(size(bytes, DEFAULTS.maxBytes, 'largest event')),
  warnBytes: sizeBytes(size(bytes, DEFAULTS.warnBytes, 'larger events are counted')),
  maxDecodeBytes: sizeBytes(size(bytes, DEFAULTS.maxDecodeBytes, 'largest event that is decoded')),
  environment: optional(string({ doc: 'constant attribute of every event', ...constant })),
  region: optional(string({ doc: 'constant attribute of every event', ...constant })),
  deployment: optional(string({ doc: 'constant attribute of every event', ...constant })),
});
