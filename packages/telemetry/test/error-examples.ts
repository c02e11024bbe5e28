import { TelemetryOptionsError, type TelemetryErrorCode } from '../src/index.ts';

/** One instance of each error class of the package. */
export const errorExamples = {
  BUSBAR_TELEMETRY_OPTIONS: new TelemetryOptionsError(['perMessageLinks is wrong']),
} satisfies { readonly [C in TelemetryErrorCode]: { readonly code: C } };
