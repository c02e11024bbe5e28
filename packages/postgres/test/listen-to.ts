import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { onTestFinished } from 'vitest';

/** The messages of a channel of this package, as long as the test runs. */
export const listenTo = (event: string): unknown[] => {
  const heard: unknown[] = [];
  const on = (message: unknown): void => {
    heard.push(message);
  };
  subscribe(`busbar:postgres:${event}`, on);
  onTestFinished(() => {
    unsubscribe(`busbar:postgres:${event}`, on);
  });
  return heard;
};
