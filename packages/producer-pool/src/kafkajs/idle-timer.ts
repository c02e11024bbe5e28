/**
 * kafkajs 2.2.4 keeps a timer running on every idle connection: it is set for `throttledUntil - now`, which is negative when nothing
 * is throttled, so it fires every millisecond (4 % of a core, and a TimeoutNegativeWarning on Node.js 24). The fixes (#1667, #1755, #1768)
 * are not released. This replaces the one method by one that sets no timer while nothing is pending.
 *
 * It reaches into kafkajs, changes it for the whole process, and is refused on any other version: hence opt-in.
 */
import { createRequire } from 'node:module';

import { isObject, property } from '../foreign-value.ts';

const PATCHED_VERSION = '2.2.4';
const METHOD = 'scheduleCheckPendingRequests';
/** How soon a pending request is looked at again; kafkajs's own value. */
const CHECK_MS = 10;

/** What the method reads and writes of kafkajs's request queue. */
interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
}

function scheduleCheckPendingRequests(this: RequestQueue): void {
  // `push` comes back here: without a pending request there is nothing to look at.
  if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
  const delayMs = Math.max(CHECK_MS, this.throttledUntil - Date.now());
  this.throttleCheckTimeoutId = setTimeout(() => {
    this.throttleCheckTimeoutId = null;
    this.checkPendingRequests();
  }, delayMs);
}

let isPatched = false;

/** Replaces the method, once; warns and leaves kafkajs alone if it is another version. Returns whether it is patched. */
export const patchIdleTimer = (require = createRequire(import.meta.url)): boolean => {
  if (isPatched) return true;
  const version = property(require('kafkajs/package.json'), 'version');
  const queue: unknown = version === PATCHED_VERSION ? require('kafkajs/src/network/requestQueue/index.js') : undefined;
  const prototype: unknown = typeof queue === 'function' ? queue.prototype : undefined;
  if (!isObject(prototype) || typeof property(prototype, METHOD) !== 'function') {
    process.emitWarning(
      `patchIdleTimer knows kafkajs ${PATCHED_VERSION} and not ${String(version)}: its idle timer stays`,
      'BusbarWarning',
    );
    return false;
  }
  isPatched = Reflect.set(prototype, METHOD, scheduleCheckPendingRequests);
  return isPatched;
};
