import type { Session } from './session.ts';

/** One rule of the driver port, as something that can be tried. Throws when the driver breaks it. */
export interface Row {
  /** `DC-1`. */
  readonly id: string;
  readonly title: string;
  /** Whether plain and idempotent producers may differ. Default: true, both are tried. */
  readonly once?: boolean;
  readonly run: (session: Session) => Promise<void>;
}
