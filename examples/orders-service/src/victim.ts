import type { DemoServices } from './demo-services.ts';
import type { ServiceProcess } from './service-process.ts';

/** The broker of the demo, to be killed and brought back; the memory driver's switch where there is no Kafka. */
export interface Victim {
  /** What was killed, for the report; undefined when nothing here is ours to kill. */
  kill(): Promise<string | undefined>;
  restart(): Promise<void>;
}

/** Node 1 of the demo's own Kafka; without Kafka the switch of the memory driver; nothing of a configured broker. */
export const victimOf = ({ kafka }: DemoServices, service: ServiceProcess): Victim => {
  if (kafka === undefined)
    return {
      kill: () => {
        service.send('memory-down');
        return Promise.resolve('memory driver, its down() stands in for the kill');
      },
      restart: () => {
        service.send('memory-up');
        return Promise.resolve();
      },
    };
  if (kafka.source === 'configured')
    return { kill: () => Promise.resolve(undefined), restart: () => Promise.resolve() };
  const node = kafka.node(1);
  return {
    kill: async () => {
      const { pid } = node;
      await node.kill();
      return `broker node 1, pid ${pid ?? 'unknown'}, SIGKILL`;
    },
    restart: () => node.start(),
  };
};
