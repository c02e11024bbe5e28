/* oxlint-disable max-params -- the check of a rule gets one parameter for each setting it needs */
/**
 * What makes the settings of the breaker fit each other and those of Kafka. The package checks its own options again; here the
 * problem is told with the name of the variable, together with all others.
 */
import type { Rule } from '@busbar/config';

import type { BusbarSettingsSchema as S } from './schema.ts';
import { settingsRule as rule } from './settings-rule.ts';

export const breakerRules: readonly Rule<S>[] = [
  rule({
    code: 'BREAKER_CALL_TIMEOUT',
    needs: ['breaker.callTimeoutMs', 'kafka.attemptTimeoutMs'],
    check: (call, attempt) =>
      call > 0 && call < attempt
        ? {
            message: 'the breaker would call records failed that may still be delivered',
            help: 'callTimeoutMs ≥ kafka.attemptTimeoutMs, or 0',
          }
        : false,
  }),
  rule({
    code: 'BREAKER_RECOVERY',
    needs: ['breaker.callTimeoutMs', 'kafka.attemptTimeoutMs', 'breaker.open.maxMs'],
    check: (call, attempt, open) =>
      (call > 0 ? call : attempt) >= open
        ? {
            message: 'an attempt may last longer than the breaker stays open',
            help: 'lower the Kafka timeouts or raise breaker.open.maxMs',
          }
        : false,
  }),
  rule({
    code: 'BREAKER_PROBES',
    needs: ['breaker.halfOpen.probes', 'breaker.trip.consecutive', 'breaker.trip.minimumCalls'],
    check: (probes, consecutive, minimum) =>
      probes > (consecutive > 0 ? consecutive : minimum)
        ? { message: 'asks more successes to close than failures to open' }
        : false,
  }),
  rule({
    code: 'BREAKER_OPEN',
    needs: ['breaker.open.baseMs', 'breaker.open.maxMs'],
    check: (base, max) => (base > max ? { message: 'baseMs is above maxMs' } : false),
  }),
  rule({
    code: 'BREAKER_HALF_OPEN',
    needs: [
      'breaker.halfOpen.concurrency',
      'breaker.halfOpen.probes',
      'breaker.halfOpen.maxFailures',
      'breaker.halfOpen.leaseMs',
      'breaker.callTimeoutMs',
      'breaker.rampMs',
      'breaker.open.maxMs',
    ],
    check: (concurrency, probes, failures, lease, call, ramp, open) => {
      if (concurrency > probes + failures) {
        return { message: 'more probes at a time than are ever needed', help: 'concurrency ≤ probes + maxFailures' };
      }
      if (call > lease)
        return { message: 'a probe is given up before its time is up', help: 'leaseMs ≥ callTimeoutMs' };
      return ramp > open
        ? { message: 'the slow start lasts longer than an outage', help: 'rampMs ≤ open.maxMs' }
        : false;
    },
  }),
  rule({
    code: 'BREAKER_WINDOW',
    needs: [
      'breaker.trip.consecutive',
      'breaker.trip.failureRatio',
      'breaker.trip.slowRatio',
      'breaker.window.type',
      'breaker.window.calls',
      'breaker.trip.minimumCalls',
    ],
    check: (consecutive, failures, slow, type, calls, minimum) => {
      const hasRatio = failures > 0 || slow > 0;
      if (consecutive === 0 && !hasRatio) {
        return { message: 'no rule ever opens the breaker', help: 'set trip.consecutive, failureRatio or slowRatio' };
      }
      if (type === 'none' && hasRatio) {
        return { message: 'a share needs a window', help: 'set window.type, or failureRatio and slowRatio to 0' };
      }
      return type === 'count' && hasRatio && minimum > calls
        ? { message: 'the window never holds enough calls', help: 'trip.minimumCalls ≤ window.calls' }
        : false;
    },
  }),
  rule({
    code: 'BREAKER_SLOW',
    needs: ['breaker.trip.slowMs', 'breaker.trip.slowRatio', 'breaker.trip.countOverdue', 'breaker.callTimeoutMs'],
    check: (ms, ratio, overdue, call) => {
      if (ms > 0 !== ratio > 0 || (overdue && ms === 0)) {
        return { message: 'slow calls are described only in part', help: 'set slowMs and slowRatio, or neither' };
      }
      return call > 0 && ms >= call
        ? { message: 'a call is ended before it is slow', help: 'slowMs < callTimeoutMs' }
        : false;
    },
  }),
];
