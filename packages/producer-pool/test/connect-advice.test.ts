import { expect, test } from 'vitest';

import { connectAdvice } from '../src/connect-advice.ts';
import { ProducerAuthError, ProducerConnectError } from '../src/index.ts';

const coded = (code: string, message = 'x'): Error => Object.assign(new Error(message), { code });

test.each([
  [coded('CERT_HAS_EXPIRED'), 'renew it'],
  [coded('SELF_SIGNED_CERT_IN_CHAIN'), 'set tls.ca'],
  [coded('ERR_TLS_CERT_ALTNAME_INVALID'), 'set tls.servername'],
  [coded('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), 'set tls.cert and tls.key'],
  [coded('ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE'), 'set tls.cert and tls.key'],
  [coded('ERR_SSL_WRONG_VERSION_NUMBER'), 'does not speak TLS'],
  [coded('ERR_TLS_REQUIRED'), 'set tls'],
  [coded('ECONNREFUSED'), 'nobody listens'],
  [coded('ENOTFOUND'), 'name server'],
  [coded('ECONNRESET', 'disconnected before secure TLS connection was established'), 'does not speak TLS'],
  [new Error('SASL SCRAM-SHA-512 mechanism is not supported by the server'), 'choose another'],
  [new Error('SASL PLAIN authentication failed'), 'correct sasl'],
  [new Error('Connection timeout'), 'firewalls'],
])('R-KP-5 %s says what to do, however deep it lies', (error, advice) => {
  expect(connectAdvice(new Error('outer', { cause: new AggregateError([error], 'all') }))).toContain(advice);
});

test('R-KP-5 a code says more than a sentence, and nothing is made up', () => {
  expect(connectAdvice(new Error('authentication', { cause: coded('ECONNREFUSED') }))).toContain('nobody listens');
  for (const value of [undefined, null, 'text', new Error('x'), { message: 5, code: 7 }, coded('toString')])
    expect(connectAdvice(value)).toBeUndefined();
  const details = { pool: 'p', scope: 'client', kafkaError: 'TLS', limit: 100 } as const;
  expect(new ProducerAuthError(details, { cause: coded('CERT_HAS_EXPIRED') }).message).toContain(
    'the cluster does not accept pool "p": TLS: the certificate of the broker has expired: renew it, or correct the clock of this machine',
  );
  expect(new ProducerConnectError(details, { cause: coded('ECONNREFUSED') }).message).toContain('nobody listens there');
  expect(new ProducerConnectError(details).message).toBe('producer pool "p" could not connect within 100 ms: TLS');
});
