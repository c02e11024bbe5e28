import { openTelemetryConfig } from '@busbar-tooling/vitest-preset';

export default openTelemetryConfig();
