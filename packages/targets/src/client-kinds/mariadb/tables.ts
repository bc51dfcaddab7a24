import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { environmentError } from '@chaosproxy/history'
import type { NodeAddress } from '../../clients/planned-clients.ts'
import { type Connection, MariadbRefused, openConnection, type QueryEnd, serverErrorText } from './connection.ts'
import { credentialsOf, type MariadbDeclaration } from './declaration.ts'

interface MakeTablesOptions {
  readonly declaration: MariadbDeclaration
  readonly tables: readonly string[]
  /** Every node's own address, which bypasses the proxy. */
  readonly reached: readonly NodeAddress[]
  readonly timeoutMs: number
}

const LOOK_EVERY_MS = 20

/**
 * Creates the tables on the primary, and waits until every node has them.
 *
 * @throws UserError (environment) for wrong credentials, no primary, or nodes that do not replicate.
 */
export async function makeTables({ declaration, tables, reached, timeoutMs }: MakeTablesOptions): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs)
  const sessions: Session[] = []
  try {
    for (const address of reached)
      sessions.push({ node: address.node, connection: await connected(address, declaration, signal) })
    const primary = await primaryOf(sessions)
    const mark = randomUUID()
    const last = [
      'CREATE TABLE IF NOT EXISTS chaos_run (mark CHAR(36) PRIMARY KEY) ENGINE=InnoDB',
      `INSERT INTO chaos_run VALUES ('${mark}')`,
    ]
    for (const sql of [...tables, ...last]) done(await primary.connection.query(sql), primary.node)
    for (const { node, connection } of sessions) await untilSeen(connection, mark, { node, signal, timeoutMs })
  } finally {
    for (const { connection } of sessions) connection.close()
  }
}

interface Session {
  readonly node: string
  readonly connection: Connection
}

async function primaryOf(sessions: readonly Session[]): Promise<Session> {
  for (const session of sessions)
    if (done(await session.connection.query('SELECT @@read_only'), session.node) === '0') return session
  throw environmentError(
    `no node is a primary: ${sessions.map(({ node }) => node).join(', ')} take no writes (read_only).`,
  )
}

async function connected(
  { node, host, port }: NodeAddress,
  declaration: MariadbDeclaration,
  signal: AbortSignal,
): Promise<Connection> {
  const where = `${node} (${host}:${port})`
  const credentials = credentialsOf(declaration)
  try {
    return await openConnection({ host, port, ...credentials, signal })
  } catch (error) {
    if (!(error instanceof MariadbRefused)) throw error
    if (error.error === undefined) throw environmentError(`${where} cannot be reached: ${error.message}.`)
    throw environmentError(
      `${where} refuses ${credentials.user}: ${error.message}. Correct "user", "password" and "database" of "client".`,
    )
  }
}

async function untilSeen(
  connection: Connection,
  mark: string,
  { node, signal, timeoutMs }: { readonly node: string; readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<void> {
  const sql = `SELECT COUNT(*) FROM chaos_run WHERE mark = '${mark}'`
  for (;;) {
    const end = await connection.query(sql)
    // On a node that has not caught up, the table may not exist yet (error 1146).
    if (!(end.type === 'refused' && end.error.code === 1146) && done(end, node) === '1') return
    if (signal.aborted)
      throw environmentError(
        `${node} has not caught up with the primary within ${timeoutMs} ms. See the log of ${node}.`,
      )
    await wait(LOOK_EVERY_MS)
  }
}

/** Returns the first column of the first row. @throws UserError (environment) */
function done(end: QueryEnd, node: string): string {
  if (end.type === 'done') return end.rows[0]?.[0] ?? ''
  const why = end.type === 'lost' ? end.why : serverErrorText(end.error)
  throw environmentError(`${node} is not ready for a run: ${why}.`)
}
