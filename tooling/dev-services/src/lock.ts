/**
 * A lock between processes: a folder, because making one is atomic everywhere, with its holder's identity inside, so that the lock of a
 * process that died is broken by the next one that wants it.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isAlive, selfRef } from './process.ts';
import { isJsonRecord, numberOf, stringOf } from './record.ts';

const breakIfDead = (lock: string): void => {
  try {
    const holder: unknown = JSON.parse(readFileSync(join(lock, 'holder'), 'utf8'));
    if (!isJsonRecord(holder)) return;
    if (isAlive({ pid: numberOf(holder, 'pid'), startedAt: stringOf(holder, 'startedAt') })) return;
    const claimed = `${lock}.${process.pid}`;
    renameSync(lock, claimed); // of several that see a dead holder one succeeds
    rmSync(claimed, { recursive: true, force: true });
  } catch {
    // given back in between, or its holder is about to sign it
  }
};

/** Runs `action` while holding the lock, or resolves with `undefined` at once when somebody else holds it. */
export const withLock = async <T>(lock: string, action: () => Promise<T>): Promise<T | undefined> => {
  try {
    mkdirSync(lock);
  } catch {
    breakIfDead(lock); // EEXIST
    return undefined;
  }
  writeFileSync(join(lock, 'holder'), JSON.stringify(selfRef()));
  try {
    return await action();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
};
