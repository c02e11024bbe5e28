import type { Call } from './call.ts';
import type { DriverAck, DriverCall, DriverFault } from './driver.ts';
import {
  ProducerDriverError,
  type ProducerErrorDetails,
  ProducerUnacknowledgedError,
  type ProducerUnavailableError,
  ProducerWatchdogError,
} from './errors.ts';
import { guarded } from './guarded.ts';
import { DUPLICATE_SEQUENCE, faultOfCode, FAULTS } from './kafka-errors.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';

/** The fault of one attempt and the error that tells it: what the guard sees, and the cause of what a caller gets. */
export interface AttemptFault {
  readonly fault: DriverFault;
  readonly error: ProducerDriverError;
  /** The fault concerns this partition alone while others are acknowledged (LN-9). */
  readonly laneFault: boolean;
}

export type AttemptResult =
  | { readonly type: 'acked'; readonly ack: DriverAck }
  | ({ readonly type: 'failed' } & AttemptFault)
  | { readonly type: 'refused'; readonly error: ProducerUnavailableError };

export interface AttemptContext {
  readonly options: ResolvedProducerPoolOptions;
  readonly call: Call;
  /** Rejects when the call is cut: its producer has been killed. */
  readonly cut: Promise<never>;
  /** True while another partition was acknowledged a short while ago. */
  readonly othersAcked: () => boolean;
  /** How long the synchronous part of the send took. */
  readonly onEncoded: (ms: number) => void;
}

/** LN-5: a call counts only if its answer names this topic and partition without an error. */
const verify = (call: DriverCall, ack: DriverAck | undefined): DriverAck | DriverFault => {
  if (ack?.topic !== call.topic || ack.partition !== call.partition) return FAULTS.unacknowledged;
  return ack.errorCode === 0 || ack.errorCode === DUPLICATE_SEQUENCE ? ack : faultOfCode(ack.errorCode);
};

const faultOf = (context: AttemptContext, error: unknown): DriverFault =>
  error instanceof ProducerWatchdogError ? FAULTS.watchdog : context.options.driver.classify(error);

const describe = (context: AttemptContext, fault: DriverFault, cause: unknown): AttemptFault => {
  const laneFault = fault.scope === 'lane' && context.othersAcked();
  const details: ProducerErrorDetails = {
    pool: context.options.name,
    // A fault of one partition counts as the broker's as long as nothing else shows that the broker is well.
    scope: fault.scope === 'lane' && !laneFault ? 'broker' : fault.scope,
    topic: context.call.request.topic,
    partition: context.call.request.partition,
    kind: fault.kind,
    kafkaError: fault.kafkaError,
    kafkaCode: fault.kafkaCode,
  };
  return { fault, laneFault, error: new ProducerDriverError(details, { cause, outcome: fault.outcome }) };
};

/** One attempt: guard, client call, verification. Never rejects. */
export const runAttempt = async (context: AttemptContext): Promise<AttemptResult> => {
  const { options, call } = context;
  const { request } = call;
  let failure: AttemptFault | undefined;
  const fail = (fault: DriverFault, cause: unknown): ProducerDriverError => {
    failure = describe(context, fault, cause);
    return failure.error;
  };
  const send = async (): Promise<DriverAck> => {
    // A guard that comes round too late must not send what has been answered meanwhile.
    if (call.done) throw fail(FAULTS.notConnected, undefined);
    call.sent = true;
    const beganAtMs = options.clock.now();
    const sending = options.runInContext(() => call.producer.driver.send(request));
    context.onEncoded(options.clock.now() - beganAtMs);
    const ack = await Promise.race([sending, context.cut]).catch((error: unknown) => {
      throw fail(faultOf(context, error), error);
    });
    const verified = verify(request, ack);
    if ('topic' in verified) return verified;
    const { topic, partition } = request;
    const unacknowledged = new ProducerUnacknowledgedError({ pool: options.name, scope: 'client', topic, partition });
    throw fail(verified, verified === FAULTS.unacknowledged ? unacknowledged : undefined);
  };
  const refusal: ProducerErrorDetails = {
    pool: options.name,
    scope: 'broker',
    topic: request.topic,
    partition: request.partition,
  };
  const result = await guarded(options.guard, send, refusal);
  if (result.type === 'done') return { type: 'acked', ack: result.value };
  if (result.type === 'refused') return result;
  // What is not told by the driver was thrown by the context hook.
  return { type: 'failed', ...(failure ?? describe(context, FAULTS.unrecognized, result.error)) };
};
