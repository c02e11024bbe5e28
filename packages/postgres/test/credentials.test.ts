import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import {
  credentialsFromFile,
  sharedCredentials,
  type Credentials,
  type CredentialsRequest,
} from '../src/credentials.ts';

const request: CredentialsRequest = { host: 'db', port: 5432, user: 'app', attempt: 1 };

describe('R-PG-10 shared credentials', () => {
  /** A vault that numbers its answers; each is good for so long. */
  const vault = (validMs?: number) => {
    const asked: CredentialsRequest[] = [];
    const time = { nowMs: 1_000_000 };
    const provider = (o: CredentialsRequest): Promise<Credentials> => {
      asked.push(o);
      const password = `p${asked.length}`;
      return Promise.resolve(
        validMs === undefined ? { password } : { password, user: 'leased', expiresAtMs: time.nowMs + validMs },
      );
    };
    return { asked, time, credentials: sharedCredentials(provider, () => time.nowMs) };
  };

  test('C4 who asks at the same time for the same server shares a question, others and later ones do not', async () => {
    const { asked, credentials } = vault();
    const answers = await Promise.all([
      credentials(request),
      credentials(request),
      credentials({ ...request, host: 'other' }),
      credentials({ ...request, user: 'other' }),
      credentials({ ...request, attempt: 2 }),
    ]);
    expect(answers.map(({ password }) => password)).toEqual(['p1', 'p1', 'p2', 'p3', 'p4']);
    expect(await credentials(request)).toEqual({ password: 'p5' });
    expect(asked).toHaveLength(5);
  });

  test('C4 they are used again until 60 s before they end', async () => {
    const { asked, time, credentials } = vault(100_000);
    const first = { password: 'p1', user: 'leased' };
    expect(await credentials(request)).toMatchObject(first);
    time.nowMs += 39_999;
    expect(await credentials(request)).toMatchObject(first);
    expect(await credentials({ ...request, port: 1 })).toMatchObject({ password: 'p2' });
    time.nowMs += 1;
    expect(await credentials(request)).toMatchObject({ password: 'p3' });
    expect(asked).toHaveLength(3);
  });

  test('C4 what was refused is dropped, and the next answer takes its place', async () => {
    const { credentials } = vault(100_000);
    await credentials(request);
    expect(await credentials({ ...request, attempt: 2 })).toMatchObject({ password: 'p2' });
    expect(await credentials(request)).toMatchObject({ password: 'p2' });
  });

  test('C4 a file can name the role as well', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'busbar-credentials-'));
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, 'p\n');
    expect(await credentialsFromFile({ passwordFile, user: 'leased' })(request)).toEqual({
      password: 'p',
      user: 'leased',
    });
    await rm(folder, { recursive: true });
  });

  test('C4 a failed question is not remembered', async () => {
    let fails = true;
    const credentials = sharedCredentials(() => {
      if (fails) throw new Error('sealed');
      return Promise.resolve({ password: 'p' });
    });
    const failed = await Promise.allSettled([credentials(request), credentials(request)]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    fails = false;
    expect(await credentials(request)).toEqual({ password: 'p' });
  });
});
