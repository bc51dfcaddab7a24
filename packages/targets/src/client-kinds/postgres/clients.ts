import * as v from 'valibot'
import type { ClientKind } from '../../clients/client-kind.ts'
import type { PlannedClients } from '../../clients/planned-clients.ts'
import { planSqlClients, type SqlSession } from '../../sql/clients.ts'
import { entries, loginEntries, oneOf } from '../../sql/declaration.ts'
import type { Row } from '../../sql/request.ts'
import { type Connection, openConnection } from './connection.ts'
import { commits, credentialsOf, type PostgresDeclaration } from './declaration.ts'
import { objects } from './objects.ts'
import { judgeEnd } from './outcomes.ts'
import { makeTables } from './tables.ts'

export const postgresKind: ClientKind<PostgresDeclaration> = {
  kind: 'postgres',
  entries: {
    ...loginEntries('postgres'),
    reads: entries.reads,
    isolation: entries.isolation,
    transfers: entries.transfers,
    commit: oneOf(commits, "what a commit waits for; async: no standby [default: the server's setting]"),
    local: v.optional(
      v.pipe(
        v.number('must be a share'),
        v.minValue(0, 'must be a share from 0 to 1'),
        v.maxValue(1, 'must be a share from 0 to 1'),
        v.description('share of the sessions that ignore the setting commit and wait for no standby [default: 0]'),
      ),
    ),
    object: entries.object,
  },
  isPlain: true,
  plan: planPostgres,
}

export function planPostgres(declaration: PostgresDeclaration): PlannedClients {
  return planSqlClients(() => {
    const isLocal = sharesOf(declaration.local ?? 0)
    return {
      declaration,
      objects,
      goesTo: (isReading) => (isReading && declaration.reads === 'replicas' ? 'own' : 'primary'),
      sessions() {
        const parameters = sessionParameters(declaration, isLocal())
        return async ({ host, port }, signal) =>
          sessionOf(await openConnection({ ...credentialsOf(declaration), host, port, parameters, signal }))
      },
      prepare: makeTables(declaration),
    }
  })
}

/** Returns a function that returns true in this share of its calls. These calls are spread evenly. */
function sharesOf(share: number): () => boolean {
  let count = 0
  return () => {
    count++
    return Math.floor(count * share) > Math.floor((count - 1) * share)
  }
}

function sessionOf(connection: Connection): SqlSession {
  const run = async (sql: string, parameters?: Row) => judgeEnd(await connection.query(sql, parameters))
  return {
    isOpen: connection.isOpen,
    leads: () => connection.parameter('in_hot_standby') !== 'on',
    run: ({ sql, parameters }) => run(sql, parameters),
    begin: () => run('BEGIN'),
    async commit() {
      const end = await run('COMMIT')
      return end.type !== 'done' || end.tag === 'COMMIT' ? end : { type: 'fail', error: `COMMIT answered ${end.tag}` }
    },
    rollback: () => run('ROLLBACK'),
    close: connection.close,
  }
}

function sessionParameters(
  { isolation, commit }: PostgresDeclaration,
  isLocalSession: boolean,
): { readonly [name: string]: string } {
  const synchronous = isLocalSession || commit === 'async' ? 'local' : commit
  return {
    application_name: 'chaos',
    ...(isolation && { default_transaction_isolation: isolation.replace('-', ' ') }),
    ...(synchronous && { synchronous_commit: synchronous }),
  }
}
