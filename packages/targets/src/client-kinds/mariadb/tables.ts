import { randomUUID } from 'node:crypto'
import { environmentError } from '@chaosproxy/history'
import type { SqlDatabase } from '../../sql/clients.ts'
import { firstOf, inSessions, type NodeSession } from '../../sql/tables.ts'
import { type Connection, openConnection } from './connection.ts'
import { credentialsOf, type MariadbDeclaration } from './declaration.ts'

/**
 * Creates the tables on the primary, and waits until every node has them.
 *
 * @throws UserError (environment) for wrong credentials, no primary, or nodes that do not replicate.
 */
export const makeTables =
  (declaration: MariadbDeclaration): SqlDatabase['prepare'] =>
  (tables, reached, timeoutMs) => {
    const credentials = credentialsOf(declaration)
    return inSessions<Connection>({
      ...{ reached, timeoutMs, user: credentials.user },
      connect: ({ host, port }, signal) => openConnection({ host, port, ...credentials, signal }),
      remedyFor: () => ' Correct "user", "password" and "database" of "client".',
      async use(sessions, until) {
        const primary = await primaryOf(sessions)
        const mark = randomUUID()
        const last = [
          'CREATE TABLE IF NOT EXISTS chaos_run (mark CHAR(36) PRIMARY KEY) ENGINE=InnoDB',
          `INSERT INTO chaos_run VALUES ('${mark}')`,
        ]
        for (const sql of [...tables, ...last]) firstOf(await primary.connection.query(sql), primary.node)
        const sql = `SELECT COUNT(*) FROM chaos_run WHERE mark = '${mark}'`
        for (const { node, connection } of sessions)
          await until(async () => {
            const end = await connection.query(sql)
            // On a node that has not caught up, the table may not exist yet (error 1146).
            return !(end.type === 'refused' && end.error.code === 1146) && firstOf(end, node) === '1'
          }, `${node} has not caught up with the primary within ${timeoutMs} ms. See the log of ${node}.`)
      },
    })
  }

async function primaryOf(sessions: readonly NodeSession<Connection>[]): Promise<NodeSession<Connection>> {
  for (const session of sessions)
    if (firstOf(await session.connection.query('SELECT @@read_only'), session.node) === '0') return session
  throw environmentError(
    `no node is a primary: ${sessions.map(({ node }) => node).join(', ')} take no writes (read_only).`,
  )
}
