import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';

/** What the director asks of the service process, over the IPC channel; only the memory driver understands the last three. */
export type ServiceCommand = 'memory-down' | 'memory-up' | 'memory-log';

/** What the service process tells the director. */
export const ServiceMessage = Type.Union([
  Type.Object({ kind: Type.Literal('listening'), port: Type.Integer() }),
  Type.Object({ kind: Type.Literal('failed'), problem: Type.String() }),
  Type.Object({ kind: Type.Literal('memory-log'), records: Type.Array(Type.Unknown()) }),
]);
export type ServiceMessage = Static<typeof ServiceMessage>;

const Distribution = Type.Object({ edges: Type.Array(Type.Number()), counts: Type.Array(Type.Number()) });

/** The part of `GET /stats` that the demo shows. */
export const ServiceStats = Type.Object({
  breaker: Type.Object({ state: Type.String() }),
  outbox: Type.Object({
    published: Type.Integer(),
    inFlight: Type.Object({ records: Type.Integer() }),
    deliveryMs: Distribution,
  }),
});
export type ServiceStats = Static<typeof ServiceStats>;

const message = Compile(ServiceMessage);
const stats = Compile(ServiceStats);

export const isServiceMessage = (value: unknown): value is ServiceMessage => message.Check(value);
export const isServiceStats = (value: unknown): value is ServiceStats => stats.Check(value);
