import { packageConfig } from '@busbar-tooling/vitest-preset';
import type { ViteUserConfig } from 'vitest/config';

// Without the condition `module`: that entry of @opentelemetry/api 1.9.0 is for bundlers and does not load in Node.js.
// It is replaced and not passed to `packageConfig`, since merging only adds.
const config: ViteUserConfig = {
  ...packageConfig(),
  ssr: { resolve: { conditions: ['@busbar/source', 'node', 'development|production'] } },
};

export default config;
