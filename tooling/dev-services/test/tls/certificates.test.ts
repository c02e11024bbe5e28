import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';

import { expect, test } from 'vitest';

import { type TestCertificate, testCertificates } from '../../src/tls/certificates.ts';

const NOW_MS = Date.UTC(2031, 4, 6, 7, 8, 9);
const set = testCertificates();

test('R-PR-1 KF-12 certificates say who, for which names, and how long', () => {
  const { server, ca } = testCertificates(NOW_MS);
  const read = new X509Certificate(server.cert);
  expect([read.subject, read.issuer]).toEqual(['CN=localhost', 'CN=Busbar test authority']);
  expect(read.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1');
  expect(read.validFromDate.getTime()).toBe(NOW_MS - 86_400_000);
  expect(read.validToDate.getTime()).toBe(NOW_MS + 9 * 86_400_000);
  expect(new X509Certificate(ca).ca).toBe(true);
  expect(read.verify(new X509Certificate(ca).publicKey)).toBe(true);
  expect(read.verify(new X509Certificate(set.ca).publicKey)).toBe(false);
});

/** What a client that trusts `ca` makes of a server: `ok`, or the code of its refusal. */
const handshake = async (certificate: TestCertificate, ca: string): Promise<string> => {
  const server = createServer({ ...certificate });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: string | AddressInfo | null = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('not listening');
  const socket = connect({ host: '127.0.0.1', port: address.port, ca });
  const code = await new Promise<string>((resolve) => {
    socket.once('secureConnect', () => resolve('ok'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)));
  });
  socket.destroy();
  server.close();
  await once(server, 'close');
  return code;
};

test('R-PR-1 KF-12 a good one is taken, an expired, a stranger’s and one for another host are refused, each for its own reason', async () => {
  expect(await handshake(set.server, set.ca)).toBe('ok');
  expect(await handshake(set.expired, set.ca)).toBe('CERT_HAS_EXPIRED');
  expect(await handshake(set.wrongHost, set.ca)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  expect(await handshake(set.server, set.otherCa)).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
});
