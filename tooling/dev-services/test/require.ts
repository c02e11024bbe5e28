/** `requireService` of the test kit for this package's own tests, which the test kit builds on. */
import type { TestContext } from 'vitest';

import { detectKafka, detectPostgres } from '../src/detect.ts';
import type { Unavailable } from '../src/shared-services.ts';

declare module 'vitest' {
  interface TaskMeta {
    skipReason?: string;
  }
}

const skip = (ctx: TestContext, { reason, help }: Unavailable): never => {
  if (process.env['CI'] === 'true') throw new Error(`A service is missing, and CI=true: ${reason}. ${help}`);
  ctx.task.meta.skipReason = reason;
  return ctx.skip(reason);
};

/** Skips a test that starts PostgreSQL where there is none of ours; fails it with `CI=true`. */
export const requirePostgres = async (ctx: TestContext): Promise<void> => {
  const { use } = await detectPostgres({ env: {} });
  if (typeof use !== 'string') skip(ctx, use);
};

/** Skips a test that starts Kafka where there is none of ours; fails it with `CI=true`. */
export const requireKafka = async (ctx: TestContext): Promise<void> => {
  const { use } = await detectKafka({ env: {} });
  if (typeof use !== 'string') skip(ctx, use);
};
