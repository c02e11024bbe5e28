import { channel } from 'node:diagnostics_channel';

import type { Issue } from './issue.ts';
import type { Profile } from './profiles.ts';
import type { CheckReport, CheckRow } from './report-schema.ts';

/** `busbar:config:loaded`: a configuration was loaded. */
export interface LoadedMessage {
  readonly profile: Profile;
  readonly fingerprint: string;
  /** Settings and warnings, counted. */
  readonly settings: number;
  readonly warnings: number;
  readonly durationMs: number;
}

/** `busbar:config:invalid`: a configuration was refused. */
export interface InvalidMessage {
  readonly profile: Profile;
  readonly issues: readonly Issue[];
}

/** `busbar:config:check`: a check ended. */
export type CheckMessage = Pick<CheckRow, 'id' | 'status' | 'category' | 'latencyMs'>;

/** `busbar:config:report`: the checks of a start-up are done. */
export interface ReportMessage {
  readonly kind: 'startup';
  readonly report: CheckReport;
}

interface TypedChannel<M> {
  readonly hasSubscribers: boolean;
  publish(message: M): void;
}

const typed = <M>(name: string): TypedChannel<M> => channel(`busbar:config:${name}`);

/** Nobody listens: nobody pays. Every publisher asks `hasSubscribers` first. */
export const configChannels = {
  loaded: typed<LoadedMessage>('loaded'),
  invalid: typed<InvalidMessage>('invalid'),
  check: typed<CheckMessage>('check'),
  report: typed<ReportMessage>('report'),
};
