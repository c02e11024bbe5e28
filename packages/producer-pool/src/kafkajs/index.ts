export { kafkaJsDriver } from './driver.ts';
export type { KafkaJsDriverOptions } from './driver.ts';
export type { SocketFactoryPort } from './kill-switch.ts';
