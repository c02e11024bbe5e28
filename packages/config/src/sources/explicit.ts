import { layerOfData, type KnownSettings, type Layer } from './layer.ts';

/** The highest layer: what the code that loads says. Values are copied when they are read; the object is not kept. */
export const explicitLayer = (known: KnownSettings, data: unknown): Layer =>
  layerOfData(known, data ?? {}, () => ({ kind: 'explicit' }));
