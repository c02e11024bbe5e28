import { platformaticDriver } from '../../src/platformatic/index.ts';
import { describeOnOneBroker } from './one-broker.ts';

describeOnOneBroker('platformatic', platformaticDriver);
