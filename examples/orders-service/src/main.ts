import { parseArgs } from 'node:util';

import { DemoImpossible } from './demo-services.ts';
import { runDemo } from './demo.ts';
import { isOrdersDriver } from './orders-driver.ts';

const USAGE = `usage: npx -y pnpm@12 demo [options]
  --orders N             orders to place (default 20000)
  --broker-stays-dead    do not bring the killed broker back: what was not delivered must be in busbar.outbox
  --brokers host:port,…  use these brokers; they are not ours to kill, so that part is left out
  --driver NAME          kafkajs (default) or platformatic, the faster client
  --keep                 leave the database, and the logs and data of the services, behind
`;

const DEFAULT_ORDERS = 20_000;

const readOptions = () => {
  const { values } = parseArgs({
    options: {
      orders: { type: 'string' },
      'broker-stays-dead': { type: 'boolean' },
      brokers: { type: 'string' },
      driver: { type: 'string', default: 'kafkajs' },
      keep: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  const orders = values.orders === undefined ? DEFAULT_ORDERS : Number(values.orders);
  if (!Number.isSafeInteger(orders) || orders < 3) throw new TypeError('--orders takes a whole number from 3 up');
  const { driver } = values;
  if (driver === 'memory' || !isOrdersDriver(driver)) throw new TypeError('--driver takes kafkajs or platformatic');
  return {
    orders,
    driver,
    brokerStaysDead: values['broker-stays-dead'] ?? false,
    keep: values.keep ?? false,
    brokers: values.brokers,
    help: values.help ?? false,
  };
};

const main = async (): Promise<number> => {
  try {
    const options = readOptions();
    if (options.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    if (options.brokers !== undefined) process.env['BUSBAR_KAFKA_BROKERS'] = options.brokers;
    if (options.keep) process.env['DEV_SERVICES_KEEP'] = '1';
    return await runDemo(options);
  } catch (error) {
    if (error instanceof TypeError || error instanceof DemoImpossible) {
      process.stderr.write(`${error.message}\n${error instanceof TypeError ? USAGE : ''}`);
      return error instanceof TypeError ? 64 : 1;
    }
    throw error;
  }
};

process.exitCode = await main();
