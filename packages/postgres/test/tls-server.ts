import { startPostgres, type PostgresService } from '@busbar-tooling/dev-services';
import { Client } from 'pg';

import { eventually } from './eventually.ts';
import { tlsCertificates } from './tls-certificates.ts';

/** How some roles log in, and everybody else with a password. */
const HBA = `hostssl all trusted all trust
hostssl all cleartext all password
hostssl all hashed all md5
host all all all scram-sha-256
`;

/** A server of its own that speaks TLS with the certificate of `db.test`. */
export const startTlsServer = async (): Promise<PostgresService> => {
  const server = await startPostgres();
  const admin = new Client({ connectionString: server.adminUrl });
  await admin.connect();
  const { rows } = await admin.query<{ folder: string }>("select current_setting('data_directory') as folder");
  const write = async (file: string, content: string): Promise<void> => {
    await admin.query(
      'create temporary table line as select * from string_to_table($1, chr(10)) with ordinality as t(l, n)',
      [content.trim()],
    );
    // As the server's user, and readable by nobody else: it refuses any other key.
    const program = `umask 077; cat > "${rows[0]?.folder ?? ''}/${file}"`;
    await admin.query(`copy (select l from line order by n) to program '${program.replaceAll("'", "''")}'`);
    await admin.query('drop table line');
  };
  await write('server.crt', tlsCertificates.cert);
  await write('server.key', tlsCertificates.key);
  await write('pg_hba.conf', HBA);
  await admin.query("create role trusted login; create role cleartext login password 'secret'");
  await admin.query("set password_encryption = 'md5'; create role hashed login password 'secret'");
  await admin.query('alter system set ssl = on');
  await admin.query('select pg_reload_conf()');
  const isOn = async (): Promise<boolean> => (await admin.query<{ ssl: string }>('show ssl')).rows[0]?.ssl === 'on';
  await eventually(isOn, 'it has read its configuration');
  await admin.end();
  return server;
};
