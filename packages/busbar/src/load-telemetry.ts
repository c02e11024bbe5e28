import type { Telemetry } from '@busbar/telemetry';

/**
 * Loads telemetry where `@opentelemetry/api` is installed. It is an optional peer: without it `stats()` and the diagnostics channels are
 * all there is, which is no fault.
 */
export const loadTelemetry = async (): Promise<Telemetry | undefined> => {
  try {
    await import('@opentelemetry/api');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
  const { createTelemetry } = await import('@busbar/telemetry');
  return createTelemetry();
};
