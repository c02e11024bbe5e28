/** Metrics of everything that stands beside the way of an event. */
import { MESSAGING_SECONDS, counter, gauge, histogram } from './metric-row.ts';

const CB = 'busbar.circuit_breaker.name';

export const CIRCUIT_BREAKER_METRICS = [
  counter('busbar.circuit_breaker.calls', {
    scope: 'circuit-breaker',
    unit: '{call}',
    attributes: [CB, 'busbar.outcome'],
    description: 'Calls by outcome.',
  }),
  gauge('busbar.circuit_breaker.state', {
    scope: 'circuit-breaker',
    unit: '{breaker}',
    attributes: [CB, 'busbar.circuit_breaker.state'],
    description: '1 for the present state, 0 for the others.',
  }),
  counter('busbar.circuit_breaker.transitions', {
    scope: 'circuit-breaker',
    unit: '{transition}',
    attributes: [CB, 'busbar.circuit_breaker.state'],
    description: 'Entries into a state.',
  }),
  counter('busbar.circuit_breaker.state.time', {
    scope: 'circuit-breaker',
    unit: 's',
    attributes: [CB, 'busbar.circuit_breaker.state'],
    description: 'Time spent in a state.',
  }),
  counter('busbar.circuit_breaker.outages', {
    scope: 'circuit-breaker',
    unit: '{outage}',
    attributes: [CB],
    description: 'Outages, from opening to the next close.',
  }),
  counter('busbar.circuit_breaker.outage.time', {
    scope: 'circuit-breaker',
    unit: 's',
    attributes: [CB],
    description: 'Time of all outages, a present one included.',
  }),
  gauge('busbar.circuit_breaker.failure_ratio', {
    scope: 'circuit-breaker',
    unit: '1',
    attributes: [CB],
    description: 'Share of failures in the present window.',
  }),
  histogram('busbar.circuit_breaker.probe.duration', {
    scope: 'circuit-breaker',
    unit: 's',
    bounds: MESSAGING_SECONDS,
    attributes: [CB],
    description: 'Duration of a probe.',
  }),
  histogram('busbar.circuit_breaker.queue.wait_time', {
    scope: 'circuit-breaker',
    unit: 's',
    bounds: MESSAGING_SECONDS,
    attributes: [CB],
    description: 'Time in the queue of a degraded breaker.',
  }),
] as const;

export const ENVELOPE_METRICS = [
  counter('busbar.event.validation.failures', {
    scope: 'envelope',
    unit: '{failure}',
    attributes: ['busbar.event.type', 'busbar.stage'],
    description: 'Events that are not valid.',
  }),
] as const;

export const RETRY_METRICS = [
  counter('busbar.retry.calls', {
    scope: 'retry',
    unit: '{call}',
    attributes: ['busbar.retry.name'],
    description: 'Calls of a retry policy.',
  }),
  counter('busbar.retry.retries', {
    scope: 'retry',
    unit: '{retry}',
    attributes: ['busbar.retry.name'],
    description: 'Attempts that were not the first.',
  }),
  counter('busbar.retry.exhausted', {
    scope: 'retry',
    unit: '{call}',
    attributes: ['busbar.retry.name', 'busbar.reason'],
    description: 'Calls given up, by reason.',
  }),
] as const;

export const CONFIG_METRICS = [
  gauge('busbar.startup.duration', {
    scope: 'config',
    unit: 's',
    attributes: [],
    description: 'Duration of the checks of the last start-up.',
  }),
  gauge('busbar.startup.check', {
    scope: 'config',
    unit: '{check}',
    attributes: ['busbar.check.id', 'busbar.status'],
    description: '1 for the present status of a check.',
  }),
] as const;

export const TELEMETRY_METRICS = [
  counter('busbar.telemetry.dropped', {
    scope: 'telemetry',
    unit: '{item}',
    attributes: ['busbar.reason'],
    description: 'What a bound of this package kept out.',
  }),
] as const;
