import { kafkaJsDriver } from '../../src/kafkajs/index.ts';
import { describeOnOneBroker } from './one-broker.ts';

describeOnOneBroker('kafkajs', (o) => kafkaJsDriver({ ...o, patchIdleTimer: true }));
