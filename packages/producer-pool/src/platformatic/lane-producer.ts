/**
 * A producer that is handed the records of a call as they are. This file is imported at first use, and the client with it.
 */
import {
  type API,
  type Callback,
  type CallbackWithPromise,
  kGetApi,
  Producer,
  type ProduceResult,
} from '@platformatic/kafka';

import type { DriverCall } from '../driver.ts';
import { forLanes, Lane } from './lane-api.ts';

const ACKS = { all: -1, leader: 1 } as const;

export class LaneProducer extends Producer<Buffer, Lane> {
  /** Sends the records of a call to its partition, in their order. */
  sendRecords(call: DriverCall, callback: CallbackWithPromise<ProduceResult>): void {
    const { topic, partition, records, acks, compression } = call;
    const message = { topic, partition, value: new Lane(call) };
    // As many as there are records: the client counts them, and takes a copy of each.
    this.send({ messages: records.map(() => message), acks: ACKS[acks], compression }, callback);
  }

  override [kGetApi]<Request extends unknown[], Response>(
    name: string,
    callback: Callback<API<Request, Response>>,
  ): void {
    super[kGetApi]<Request, Response>(name, (error, api) => {
      callback(error, name === 'Produce' && api !== undefined ? forLanes(api) : api);
    });
  }
}
