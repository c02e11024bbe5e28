import type { Verdict } from '@busbar/circuit-breaker';
import { causes } from '@busbar/errors';
import { ProducerPoolError } from '@busbar/producer-pool';

/**
 * What a failed attempt of the producer pool says about the brokers.
 *
 * They are to blame for what is transient or concerns all of them, credentials included: every call would fail. They answered when they
 * refused a record, a topic, or a request of this client. A partition alone, or a producer that lost its sequence, says nothing.
 */
export const classifyProducerError = (error: unknown): Verdict => {
  for (const cause of causes(error)) if (cause instanceof ProducerPoolError) return verdictOf(cause);
  return 'failure';
};

const AUTHENTICATION = /SASL|TLS|AUTHENTICATION/u;

const verdictOf = ({ details }: Pick<ProducerPoolError, 'details'>): Verdict => {
  if (details.scope === 'lane') return 'ignore';
  switch (details.kind) {
    case 'record':
    case 'topic':
      return 'success';
    case 'client':
      return AUTHENTICATION.test(details.kafkaError ?? '') ? 'failure' : 'success';
    case 'producer-broken':
      return 'ignore';
    case 'transient':
    case undefined:
      return 'failure';
    default:
      return details.kind satisfies never;
  }
};
