import type { DriverAck } from './driver.ts';

const nameOf = (topic: string, partition: number): string => `${topic}-${partition}`;

/** How long brokers want to be left alone, as they said in their answers for a partition. No client passes it on with its result. */
export class ThrottleTimes {
  readonly #ms = new Map<string, number>();

  set(topic: string, partition: number, throttleMs: number): void {
    this.#ms.set(nameOf(topic, partition), throttleMs);
  }

  /** The acknowledgement with what was said of its partition; told once. */
  addTo(ack: DriverAck | undefined): DriverAck | undefined {
    if (ack === undefined) return undefined;
    const name = nameOf(ack.topic, ack.partition);
    const throttleMs = this.#ms.get(name);
    if (throttleMs === undefined) return ack;
    this.#ms.delete(name);
    return { ...ack, throttleMs };
  }
}
