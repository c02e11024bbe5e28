/** One look at the cluster before a service starts; structurally a check of `@busbar/config`. */
export interface ConnectivityCheck {
  readonly id: string;
  readonly title: string;
  readonly dependsOn?: readonly string[];
  run(c: CheckContext): Promise<CheckOutcome>;
}

export interface CheckContext {
  readonly signal: AbortSignal;
}

export interface CheckOutcome {
  readonly status: 'pass' | 'warn' | 'fail' | 'skip';
  readonly message: string;
  readonly help?: string;
  readonly data?: Readonly<Record<string, string | number | boolean>>;
  readonly category?: 'config' | 'unreachable' | 'auth' | 'incompatible' | 'internal';
}

export interface ConnectivityCheckOptions {
  /** Topics that must be there. Default: those of the pool. */
  readonly topics?: readonly string[];
  /** A topic that takes one record, without key, as a probe. Default: none, and nothing is produced. */
  readonly writeProbe?: string;
}
