import { setTimeout as wait } from 'node:timers/promises'
import { environmentError } from '@chaosproxy/history'
import { reportText } from '@chaosproxy/wire/postgresql'
import type { NodeAddress } from '../../clients/planned-clients.ts'
import { isOlder } from '../../command/programs.ts'
import { type Connection, openConnection, PostgresRefused, type QueryEnd } from './connection.ts'
import { credentialsOf, type PostgresDeclaration } from './declaration.ts'
import { OLDEST } from './programs.ts'

interface MakeTablesOptions {
  readonly declaration: PostgresDeclaration
  readonly tables: readonly string[]
  /** Every node's own address, bypassing the proxy. */
  readonly reached: readonly NodeAddress[]
  readonly timeoutMs: number
}

interface Session {
  readonly node: string
  readonly connection: Connection
}

const LOOK_EVERY_MS = 20

/**
 * Creates the tables on the primary, and waits until every standby has them.
 *
 * @throws UserError (environment) for wrong credentials, an old server, no primary, or standbys that do not replicate.
 */
export async function makeTables({ declaration, tables, reached, timeoutMs }: MakeTablesOptions): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs)
  const sessions: Session[] = []
  try {
    for (const address of reached)
      sessions.push({ node: address.node, connection: await connected(address, declaration, signal) })
    const primary = sessions.find(({ connection }) => connection.parameter('in_hot_standby') !== 'on')
    if (primary === undefined)
      throw environmentError(`no node is a primary: ${sessions.map(({ node }) => node).join(', ')} are standbys.`)
    for (const sql of tables) done(await primary.connection.query(sql), primary.node)
    const written = done(await primary.connection.query('SELECT pg_current_wal_insert_lsn()'), primary.node)
    for (const { node, connection } of sessions)
      if (connection !== primary.connection) await untilReplayed(connection, written, { node, signal, timeoutMs })
  } finally {
    for (const { connection } of sessions) connection.close()
  }
}

async function connected(
  { node, host, port }: NodeAddress,
  declaration: PostgresDeclaration,
  signal: AbortSignal,
): Promise<Connection> {
  const credentials = credentialsOf(declaration)
  const where = `${node} (${host}:${port})`
  try {
    // The creation of tables need not wait for standbys that are still connecting.
    const parameters = { application_name: 'chaos', synchronous_commit: 'local' }
    const connection = await openConnection({ host, port, ...credentials, parameters, signal })
    const version = connection.parameter('server_version') ?? ''
    if (!isOlder(version, OLDEST)) return connection
    connection.close()
    throw environmentError(`${where} is PostgreSQL ${version}: the oldest supported version is ${OLDEST}.`)
  } catch (error) {
    if (!(error instanceof PostgresRefused)) throw error
    if (error.report === undefined) throw environmentError(`${where} cannot be reached: ${error.message}.`)
    const remedy = /^28/.test(error.report.code)
      ? ' Give "client" the right "user" and "password".'
      : error.report.code === '3D000'
        ? ' Give "client" the right "database".'
        : ''
    throw environmentError(`${where} refuses ${credentials.user}: ${error.message}.${remedy}`)
  }
}

async function untilReplayed(
  standby: Connection,
  position: string,
  { node, signal, timeoutMs }: { readonly node: string; readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<void> {
  const sql = 'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn'
  while (done(await standby.query(sql, [position]), node) !== 't') {
    if (signal.aborted)
      throw environmentError(
        `${node} has not caught up with the primary at ${position} within ${timeoutMs} ms. See its log.`,
      )
    await wait(LOOK_EVERY_MS)
  }
}

function done(end: QueryEnd, node: string): string {
  if (end.type === 'done') return end.rows[0]?.[0] ?? ''
  const why = end.type === 'lost' ? end.why : reportText(end.report)
  throw environmentError(`${node} is not ready for a run: ${why}.`)
}
