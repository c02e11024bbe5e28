// A developer's own BUSBAR_* settings must not color configuration tests; services reach the tests through DEV_SERVICES_*.
for (const name of Object.keys(process.env)) if (name.startsWith('BUSBAR_')) delete process.env[name];
