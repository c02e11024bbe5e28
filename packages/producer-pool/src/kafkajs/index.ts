export { kafkaJsDriver } from './driver.ts';
export type { KafkaJsDriverOptions } from './client.ts';
export type { SocketFactoryPort } from './kill-switch.ts';
export { patchIdleTimer } from './idle-timer.ts';
