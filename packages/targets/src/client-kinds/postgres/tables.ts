import { environmentError } from '@chaosproxy/history'
import type { NodeAddress } from '../../clients/planned-clients.ts'
import { isOlder } from '../../command/programs.ts'
import type { SqlDatabase } from '../../sql/clients.ts'
import { firstOf, inSessions, placeOf } from '../../sql/tables.ts'
import { type Connection, openConnection } from './connection.ts'
import { credentialsOf, type PostgresDeclaration } from './declaration.ts'
import { OLDEST } from './programs.ts'

/**
 * Creates the tables on the primary, and waits until every standby has them.
 *
 * @throws UserError (environment) for wrong credentials, an old server, no primary, or standbys that do not replicate.
 */
export const makeTables =
  (declaration: PostgresDeclaration): SqlDatabase['prepare'] =>
  (tables, reached, timeoutMs) =>
    inSessions<Connection>({
      ...{ reached, timeoutMs, user: credentialsOf(declaration).user },
      connect: (address, signal) => connected(address, declaration, signal),
      remedyFor,
      async use(sessions, until) {
        const primary = sessions.find(({ connection }) => connection.parameter('in_hot_standby') !== 'on')
        if (primary === undefined)
          throw environmentError(`no node is a primary: ${sessions.map(({ node }) => node).join(', ')} are standbys.`)
        for (const sql of tables) firstOf(await primary.connection.query(sql), primary.node)
        const written = firstOf(await primary.connection.query('SELECT pg_current_wal_insert_lsn()'), primary.node)
        const sql = 'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn'
        for (const { node, connection } of sessions)
          if (connection !== primary.connection)
            await until(
              async () => firstOf(await connection.query(sql, [written]), node) === 't',
              `${node} has not caught up with the primary at ${written} within ${timeoutMs} ms. See its log.`,
            )
      },
    })

async function connected(
  address: NodeAddress,
  declaration: PostgresDeclaration,
  signal: AbortSignal,
): Promise<Connection> {
  const { host, port } = address
  // With `local`, the creation of tables does not wait for standbys, some of which may still be connecting.
  const parameters = { application_name: 'chaos', synchronous_commit: 'local' }
  const connection = await openConnection({ host, port, ...credentialsOf(declaration), parameters, signal })
  const version = connection.parameter('server_version') ?? ''
  if (!isOlder(version, OLDEST)) return connection
  connection.close()
  throw environmentError(`${placeOf(address)} is PostgreSQL ${version}: the oldest supported version is ${OLDEST}.`)
}

function remedyFor(code: string | number): string {
  if (/^28/.test(String(code))) return ' Give "client" the right "user" and "password".'
  return code === '3D000' ? ' Give "client" the right "database".' : ''
}
