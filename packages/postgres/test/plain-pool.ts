import { Pool, type PoolConfig } from 'pg';

/** pg-pool alone, with one connection unless told otherwise: for the runs that show what a hole is like there. */
export const plainPool = (
  db: Required<Pick<PoolConfig, 'host' | 'port' | 'database' | 'user'>> & { readonly password: string },
  own: PoolConfig & { readonly setUp?: () => Promise<void> } = {},
): Pool => {
  const { host, port, database, user, password } = db;
  const { setUp, ...config } = own;
  // pg-pool waits for the promise of `onConnect`, which its types do not know.
  const hook = setUp === undefined ? {} : Object.assign({}, { onConnect: setUp });
  return new Pool({ host, port, database, user, password, max: 1, ...config, ...hook });
};

/** Whether a promise has an outcome after `withinMs`; default: now. */
export const isSettled = (promise: Promise<unknown>, withinMs = 0): Promise<boolean> =>
  new Promise((resolve) => {
    const settled = (): void => resolve(true);
    promise.then(settled, settled);
    setTimeout(resolve, withinMs, false);
  });
