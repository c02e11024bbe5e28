import type { PublishOutcome } from './ports.ts';

/**
 * Whose fault a failed send is, which decides what waits and whether it counts:
 *
 * | class | what waits | counted | parked |
 * |---|---|---|---|
 * | `event` | the key, until the event's own retry time | yes | after `retry.maxAttempts` |
 * | `topic` | the topic, by `topicBackoff` | no | never |
 * | `lane` | the key, by `keyBackoff` | no | never |
 * | `broker` | everything, until a probe succeeds | no | never |
 */
export type FailureClass = 'event' | 'topic' | 'lane' | 'broker';

export type FailedOutcome = Extract<PublishOutcome, { readonly ok: false }>;

/**
 * The class of a failed outcome. A record whose fate is unknown was not refused for its own sake, so it is never the event's fault;
 * a scope that we do not know counts as the broker's, because nothing is ever parked for that.
 */
export const failureClassOf = (outcome: FailedOutcome): FailureClass => {
  switch (outcome.scope) {
    case 'record':
      return outcome.outcome === 'unknown' ? 'lane' : 'event';
    case 'topic':
      return 'topic';
    case 'lane':
      return 'lane';
    case 'broker':
    default:
      return 'broker';
  }
};
