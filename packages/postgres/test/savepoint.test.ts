import { describe, expect, test } from 'vitest';

import { TxScopes } from '../src/savepoint.ts';

const event = (text: string) => ({ text, values: [], rowLimit: 0 });
const texts = (scopes: TxScopes): string[] => scopes.root.commitWith.map(({ text }) => text);

describe('the scopes of a transaction', () => {
  test('BEGIN and SAVEPOINT travel with the first statement, RELEASE with the next', () => {
    const scopes = new TxScopes('begin');
    const inner = scopes.enter();
    expect(scopes.takePending()).toEqual(['begin', 'savepoint bb_1']);
    scopes.release(inner);
    expect(scopes.takePending()).toEqual(['release savepoint bb_1']);
    expect(scopes.takePending()).toEqual([]);
  });

  test('a savepoint in which nothing was sent never reaches the server', () => {
    const scopes = new TxScopes('begin');
    scopes.release(scopes.enter());
    expect(scopes.undo(scopes.enter())).toEqual([]);
    expect(scopes.takePending()).toEqual(['begin']);
  });

  test('undoing sends ROLLBACK TO and RELEASE, and forgets what was pending inside', () => {
    const scopes = new TxScopes('begin');
    const outer = scopes.enter();
    scopes.takePending();
    const inner = scopes.enter();
    scopes.takePending();
    scopes.release(inner); // its RELEASE is pending, and goes with the outer one
    expect(scopes.undo(outer)).toEqual(['rollback to savepoint bb_1', 'release savepoint bb_1']);
    expect(scopes.takePending()).toEqual([]);
  });

  test('a commitWith of a rolled-back savepoint is dropped (pure)', () => {
    const scopes = new TxScopes('begin');
    scopes.innermost.commitWith.push(event('root'));
    const outer = scopes.enter();
    scopes.innermost.commitWith.push(event('outer'));
    const inner = scopes.enter();
    scopes.innermost.commitWith.push(event('inner'));
    scopes.release(inner);
    expect(outer.commitWith.map(({ text }) => text)).toEqual(['outer', 'inner']);
    scopes.undo(outer);
    const kept = scopes.enter();
    scopes.innermost.commitWith.push(event('kept'));
    scopes.release(kept);
    scopes.innermost.commitWith.push(event('last'));
    expect(texts(scopes)).toEqual(['root', 'kept', 'last']);
  });

  test('a scope that ended with the one around it changes nothing any more', () => {
    const scopes = new TxScopes('begin');
    const outer = scopes.enter();
    const inner = scopes.enter();
    inner.commitWith.push(event('inner'));
    scopes.undo(outer);
    scopes.takePending();
    scopes.release(inner);
    expect(scopes.undo(inner)).toEqual([]);
    expect([scopes.innermost, scopes.takePending(), texts(scopes)]).toEqual([scopes.root, [], []]);
  });
});
