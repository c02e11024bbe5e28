export { startTcpProxy, TcpProxy } from '@busbar-tooling/dev-services';
export type { TcpProxyCounters, TcpProxyOptions } from '@busbar-tooling/dev-services';
