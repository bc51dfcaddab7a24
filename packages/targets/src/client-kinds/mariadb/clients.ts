import type { ClientKind } from '../../clients/client-kind.ts'
import type { PlannedClients } from '../../clients/planned-clients.ts'
import { planSqlClients, type SqlSession } from '../../sql/clients.ts'
import { entries, loginEntries, oneOf } from '../../sql/declaration.ts'
import type { Judged } from '../../sql/request.ts'
import { type Connection, openConnection } from './connection.ts'
import { credentialsOf, type MariadbDeclaration, writesTo } from './declaration.ts'
import { objects, withParameters } from './objects.ts'
import { judgeEnd } from './outcomes.ts'
import { makeTables } from './tables.ts'

export const mariadbKind: ClientKind<MariadbDeclaration> = {
  kind: 'mariadb',
  entries: {
    ...loginEntries('chaos'),
    reads: entries.reads,
    writes: oneOf(writesTo, "where to write; own: at the client's own node [default: primary]"),
    isolation: entries.isolation,
    transfers: entries.transfers,
    object: entries.object,
  },
  isPlain: true,
  plan: planMariadb,
}

function planMariadb(declaration: MariadbDeclaration): PlannedClients {
  const { reads = 'primary', writes = 'primary' } = declaration
  return planSqlClients(() => ({
    declaration,
    objects,
    goesTo: (isReading) => ((isReading ? reads === 'replicas' : writes === 'own') ? 'own' : 'primary'),
    sessions:
      () =>
      async ({ host, port }, signal) => {
        const connection = await openConnection({ ...credentialsOf(declaration), host, port, signal })
        return sessionOf(connection, setupOf(declaration))
      },
    prepare: makeTables(declaration),
  }))
}

/** Sets how texts are quoted, how long the result of GROUP_CONCAT may be, and the isolation level. */
function setupOf({ isolation }: MariadbDeclaration): readonly string[] {
  const level = isolation?.replace('-', ' ').toUpperCase()
  return [
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES', SESSION group_concat_max_len = 1073741824",
    ...(level === undefined ? [] : [`SET SESSION TRANSACTION ISOLATION LEVEL ${level}`]),
  ]
}

function sessionOf(connection: Connection, setup: readonly string[]): SqlSession {
  let isSetUp = false
  let isPrimary = false

  /** Runs a command. Before the first command, runs the setup. If the setup fails, the command is not sent. */
  async function run(sql: string): Promise<Judged> {
    for (const each of isSetUp ? [] : setup) {
      const { type, ...rest } = judgeEnd(await connection.query(each))
      if (type !== 'done') return { type: 'fail', error: 'error' in rest ? rest.error : '' }
    }
    isSetUp = true
    return judgeEnd(await connection.query(sql))
  }

  return {
    isOpen: connection.isOpen,
    async leads() {
      // A primary stays a primary until its server ends. A replica may become the primary at any time.
      if (isPrimary) return true
      const found = await run('SELECT @@read_only')
      isPrimary = found.type === 'done' && found.rows[0]?.[0] === '0'
      return isPrimary
    },
    run: (command) => run(withParameters(command)),
    begin: () => run('START TRANSACTION'),
    commit: () => run('COMMIT'),
    rollback: () => run('ROLLBACK'),
    close: connection.close,
  }
}
