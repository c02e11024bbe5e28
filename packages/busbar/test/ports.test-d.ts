import type { Breaker } from '@busbar/circuit-breaker';
import type { Check } from '@busbar/config';
import type { EncodedEvent } from '@busbar/envelope';
import type { ConnectionSource, DeferringTx, OutboxRecord, Queryable } from '@busbar/outbox';
import type { connectivityChecks, Lease, Postgres, Tx } from '@busbar/postgres';
import type { CallGuard, ProducerPool, ProducerRecord } from '@busbar/producer-pool';
import type { PoolClient } from 'pg';
import { expectTypeOf } from 'vitest';

// The two sides of every port meet here and nowhere else.
expectTypeOf<Breaker>().toExtend<CallGuard>();
expectTypeOf<EncodedEvent>().toExtend<OutboxRecord>();
expectTypeOf<OutboxRecord>().toExtend<ProducerRecord>();
expectTypeOf<Tx>().toExtend<DeferringTx>();
expectTypeOf<Postgres>().toExtend<Queryable>();
expectTypeOf<Lease>().toExtend<Awaited<ReturnType<ConnectionSource['acquire']>>>();
expectTypeOf<PoolClient>().toExtend<Queryable>();
expectTypeOf<ReturnType<typeof connectivityChecks>>().toExtend<readonly Check[]>();
expectTypeOf<ReturnType<ProducerPool['connectivityChecks']>>().toExtend<readonly Check[]>();
