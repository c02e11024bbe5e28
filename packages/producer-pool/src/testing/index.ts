export { fakeConformance } from './conformance/cluster.ts';
export type {
  ConformanceCluster,
  ConformanceDoor,
  ConformanceRecord,
  ConformanceTopic,
  Undo,
} from './conformance/cluster.ts';
export { conformanceRowIds, describeDriverConformance } from './conformance/describe-driver-conformance.ts';
export type { DriverConformanceOptions } from './conformance/describe-driver-conformance.ts';
export { startFakeCluster } from './fake-broker/cluster.ts';
export type { FakeCluster, FakeClusterOptions, FakeRecord, MoveOptions, PartitionName } from './fake-broker/cluster.ts';
export type { FakeBroker, FakeTls } from './fake-broker/broker.ts';
export type {
  FakeApi,
  Fault,
  FaultEffect,
  FaultRule,
  FaultScript,
  RequestTarget,
  SeenRequest,
} from './fake-broker/faults.ts';
export type { FakeCredentials } from './fake-broker/sasl.ts';
export type { FakeTopicOptions } from './fake-broker/topology.ts';
export { memoryDriver } from './memory-driver.ts';
export type { MemoryDriver, MemoryDriverOptions, MemoryRecord } from './memory-driver.ts';
