import { alarm, SWEEP_MS, type Housekeeper } from './housekeeper.ts';

export interface CancelLoop {
  readonly housekeeper: Housekeeper;
  readonly clock: { now(): number };
  /** Sends one request; resolves with whether the server took note of it. */
  send(): Promise<boolean>;
  /** The statement is over. */
  isOver(): boolean;
  /** Resolves when it is. */
  readonly over: Promise<void>;
}

/**
 * Asks the server to stop a statement, again and again until that is over: a request that comes before the server has begun the statement is lost.
 * Resolves with whether it took note of every request.
 */
export const cancelUntilOver = async (o: CancelLoop): Promise<boolean> => {
  let noticed = await o.send();
  while (!o.isOver()) {
    const pause = Promise.withResolvers<void>();
    const again = alarm(o.housekeeper, o.clock.now() + SWEEP_MS, pause.resolve);
    // oxlint-disable-next-line no-await-in-loop -- one cancel after the other
    await Promise.race([o.over, pause.promise]);
    o.housekeeper.delete(again);
    // oxlint-disable-next-line no-await-in-loop -- one cancel after the other
    if (!o.isOver()) noticed = (await o.send()) && noticed;
  }
  return noticed;
};
