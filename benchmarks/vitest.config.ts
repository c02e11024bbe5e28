import { packageConfig } from '@busbar-tooling/vitest-preset';

export default packageConfig();
