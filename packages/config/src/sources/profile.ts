import type { Profile } from '../profiles.ts';
import { layerOfData, type KnownSettings, type Layer } from './layer.ts';

/** What the profile changes of the defaults. */
export const profileLayer = (known: KnownSettings, profile: Profile, data: unknown): Layer =>
  layerOfData(known, data ?? {}, () => ({ kind: 'profile', name: profile }));
