import type {
  Engine,
  Execution,
  Outcome,
  Prepared,
  ResultColumn,
  Session,
  SessionListener,
  Wait,
} from '../src/session/session.ts'
import { SqlError } from '../src/sql/error.ts'
import type { Statement } from '../src/sql/parse.ts'
import type { TextContext, TypeDefinition } from '../src/types/registry.ts'
import type { SqlValue } from '../src/types/value.ts'

// An engine with scripted statements, which tests use to test the server alone.

/** For each SQL text, what the execution of the statement does: it waits, fails, or returns an outcome. */
export type Script = { readonly [sql: string]: (parameters: readonly SqlValue[]) => Execution | Outcome }

const int4 = { oid: 23, name: 'int4', typmod: -1 }
const text = { oid: 25, name: 'text', typmod: -1 }

export const column = (name: string, type = int4): ResultColumn => ({ name, type, tableOid: 0, attribute: 0 })
export const textColumn = (name: string): ResultColumn => column(name, text)

export const rows = (tag: string, names: readonly string[], ...made: (readonly SqlValue[])[]): Outcome => ({
  kind: 'rows',
  tag,
  columns: names.map((name) => column(name)),
  rows: made,
})

const types: { readonly [oid: number]: Partial<TypeDefinition> } = {
  23: {
    length: 4,
    input(given) {
      if (!/^-?\d+$/.test(given)) throw new SqlError('22P02', `invalid input syntax for type integer: "${given}"`)
      return Number(given)
    },
    output: (value) => String(value),
    receive: (bytes) => Buffer.from(bytes).readInt32BE(),
    send(value) {
      const bytes = Buffer.alloc(4)
      bytes.writeInt32BE(Number(value))
      return bytes
    },
  },
  25: { length: -1, input: (given) => given, output: (value) => String(value) },
}

const context = {
  types: { typeOf: (oid: number) => types[oid] },
  setting: () => undefined,
  now: () => 0n,
} as unknown as TextContext

export interface FakeEngine extends Engine {
  readonly log: string[]
  readonly sessions: { readonly listener: SessionListener; readonly session: Session }[]
}

/**
 * Creates an engine that executes the script. The parameters of a statement are the `$1`… in its text. A statement that
 * begins with SELECT returns one column `n`.
 */
export function fakeEngine(script: Script): FakeEngine {
  const log: string[] = []
  const sessions: FakeEngine['sessions'] = []
  const connect = (_: ReadonlyMap<string, string>, listener: SessionListener): Session => {
    let status: 'idle' | 'transaction' | 'failed' = 'idle'
    const pid = sessions.length + 1
    const session: Session = {
      ...{ pid, secret: 7, context, hasWritten: false, commits: 0, statementTimeoutMs: 0 },
      parameters: () => new Map([['server_version', '18.0']]),
      status: () => status,
      parse: (sql) => {
        if (sql.includes('SYNTAX')) throw new SqlError('42601', 'syntax error', { position: 1 })
        return sql
          .split(';')
          .map((part) => part.trim())
          .filter((part) => part !== '')
          .map((part) => ({ text: sql, sql: part, node: {} as never }))
      },
      *prepare(statement) {
        return {
          statement,
          parameterOids: (statement.sql.match(/\$\d/g) ?? []).map(() => 23),
          columns: statement.sql.startsWith('SELECT') ? [column('n')] : undefined,
        }
      },
      *execute(given: Prepared | Statement, parameters): Execution {
        const { sql } = 'node' in given ? given : given.statement
        log.push(`${pid} ${sql}`)
        if (sql === 'BEGIN') status = 'transaction'
        if (sql === 'COMMIT') status = 'idle'
        const does = script[sql]
        if (does === undefined) return { kind: 'done', tag: sql.split(' ')[0] ?? '' }
        const made = does(parameters)
        return 'kind' in made ? made : yield* made
      },
      runs() {},
      ready() {},
      sync: () => log.push(`${pid} sync`),
      fail() {
        log.push(`${pid} fails`)
        if (status === 'transaction') status = 'failed'
      },
      end: () => log.push(`${pid} ends`),
    }
    sessions.push({ listener, session })
    return session
  }
  return {
    log,
    sessions,
    connect,
    types: context.types,
    catalogue: () => ({ tables: [], writers: [], definitions: [] }),
    cancel: (pid) => log.push(`cancel ${pid}`),
    crash: () => 0,
    position: () => 0,
    witnessed: () => undefined,
    promote: () => 0,
    standby: () => fakeEngine(script),
  }
}

/** Returns a wait, and a function by which the test ends the wait. */
export function gate(): { readonly wait: Wait; open(): void } {
  let go = (): void => {}
  return { wait: { reason: 'test', ready: (called) => (go = called) }, open: () => go() }
}
