export { platformaticDriver } from './driver.ts';
