import { EventEmitter } from 'node:events';

import { settle } from '@busbar-tooling/test-kit/manual-clock';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { closeOnSignals } from '../src/close-on-signal.ts';

const source = () => {
  const exits: number[] = [];
  return { exits, signals: Object.assign(new EventEmitter(), { exit: (code: number) => exits.push(code) }) };
};

afterEach(() => vi.restoreAllMocks());

describe('closeOnSignals', () => {
  it('closes at the first signal and exits with 0', async () => {
    const { exits, signals } = source();
    const close = vi.fn<() => Promise<{ complete: boolean }>>(() => Promise.resolve({ complete: true }));
    closeOnSignals(signals, ['SIGTERM', 'SIGINT'], close);
    signals.emit('SIGINT', 'SIGINT');
    await settle();
    expect(close).toHaveBeenCalledOnce();
    expect(exits).toEqual([0]);
  });

  it('exits with 1 when something was left undone at the deadline', async () => {
    const { exits, signals } = source();
    closeOnSignals(signals, ['SIGTERM'], () => Promise.resolve({ complete: false }));
    signals.emit('SIGTERM', 'SIGTERM');
    await settle();
    expect(exits).toEqual([1]);
  });

  it('exits with 1 and warns when close fails', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const { exits, signals } = source();
    closeOnSignals(signals, ['SIGTERM'], () => Promise.reject(new Error('stuck')));
    signals.emit('SIGTERM', 'SIGTERM');
    await settle();
    expect(exits).toEqual([1]);
    expect(warn).toHaveBeenCalledOnce();
  });

  it('a second signal ends the process at once', () => {
    const { exits, signals } = source();
    closeOnSignals(signals, ['SIGTERM'], () => new Promise(() => undefined));
    signals.emit('SIGTERM', 'SIGTERM');
    expect(exits).toEqual([]);
    signals.emit('SIGTERM', 'SIGTERM');
    expect(exits).toEqual([143]);
  });

  it('disposing takes the listeners away', () => {
    const { signals } = source();
    closeOnSignals(signals, ['SIGTERM', 'SIGINT'], () => Promise.resolve({ complete: true }))[Symbol.dispose]();
    expect(signals.eventNames()).toEqual([]);
  });
});
