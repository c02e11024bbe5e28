// A developer's own BUSBAR_* settings must not color configuration tests; what names a service goes on to the tests' services.
const own = Object.keys(process.env).filter((name) => name.startsWith('BUSBAR_'));
const services = own.filter((name) => name.startsWith('BUSBAR_POSTGRES_') || name === 'BUSBAR_KAFKA_BROKERS');
if (services.length > 0)
  process.env['DEV_SERVICES_CONFIGURED'] = JSON.stringify(
    Object.fromEntries(services.map((name) => [name, process.env[name]])),
  );
for (const name of own) delete process.env[name];
