import { inputError, UserError, withArticle } from '@chaosproxy/history'
import type { Engine, Outcome, ResultColumn, Session } from '@chaosproxy/simulated-postgresql'
import { executeAlone, type Simulated, silent, userErrorOf } from './simulated.ts'

/** An assertion that was not true. */
export interface BrokenAssertion {
  readonly query: string
  /** The result of the query and rows of its tables, as text. */
  readonly what: string
}

const BOOLEAN = 'bool'

/** The largest number of rows shown of each table. */
const MOST_ROWS = 20

/** @throws UserError (input) for an assertion that is not one statement. */
export function requireQueries(simulated: Simulated, engine: Engine, assert: readonly string[]): void {
  for (const query of assert)
    withSession(simulated, engine, query, (session) => {
      const { length } = session.parse(query)
      if (length !== 1) throw inputError(`--assert-sql ${query} has ${length} statements. Write one.`)
    })
}

export function brokenIn(simulated: Simulated, engine: Engine, assert: readonly string[]): BrokenAssertion | undefined {
  for (const query of assert) {
    const what = withSession(simulated, engine, query, (session) => brokenBy(session, query))
    if (what !== undefined) return { query, what }
  }
  return undefined
}

function withSession<T>(simulated: Simulated, engine: Engine, query: string, act: (session: Session) => T): T {
  const session = engine.connect(new Map([['user', 'postgres']]), silent)
  try {
    return act(session)
  } catch (error) {
    if (error instanceof UserError) throw error
    throw userErrorOf(simulated, error, { where: () => `--assert-sql ${query}`, sql: query })
  } finally {
    session.end()
  }
}

/**
 * Returns the answer to the query if the assertion is not true. It is true if there are rows and the first column of
 * each is true.
 */
function brokenBy(session: Session, query: string): string | undefined {
  const [statement] = session.parse(query)
  if (statement === undefined) return undefined
  const outcome = executeAlone(session, statement)
  if (outcome.kind !== 'rows') throw inputError(`--assert-sql ${query} is not a query. Write a SELECT.`)
  requireBoolean(query, outcome.columns)
  if (outcome.rows.length > 0 && outcome.rows.every(([answer]) => answer === true)) return undefined
  const tables = [...tablesIn(statement.node)].map((table) => `${table}: ${rowsOf(session, table)}`)
  return [`it answered ${printed(session, outcome)}`, ...tables].join('; ')
}

/** @throws UserError (input) if the first column is not a boolean. */
function requireBoolean(query: string, [column]: readonly ResultColumn[]): void {
  if (column?.type.name === BOOLEAN) return
  const returned = column === undefined ? 'no column' : withArticle(column.type.name)
  throw inputError(
    `--assert-sql ${query} must return true or false, but it returns ${returned}. Add a comparison, such as = 100.`,
  )
}

function rowsOf(session: Session, table: string): string {
  const [statement] = session.parse(`SELECT * FROM ${table} LIMIT ${MOST_ROWS + 1}`)
  return statement === undefined ? '' : printed(session, executeAlone(session, statement))
}

function printed({ context }: Session, outcome: Outcome): string {
  if (outcome.kind !== 'rows') return ''
  const { columns, rows } = outcome
  if (rows.length === 0) return 'no row'
  const lines = rows.slice(0, MOST_ROWS).map((row) => {
    const cells = columns.map(({ name, type }, i) => {
      const value = row[i] ?? null
      return `${name}=${value === null ? 'null' : context.types.typeOf(type.oid).output(value, context)}`
    })
    return cells.join(' ')
  })
  return [...lines, ...(rows.length > MOST_ROWS ? ['…'] : [])].join(', ')
}

function tablesIn(node: unknown, found: Set<string> = new Set()): ReadonlySet<string> {
  if (typeof node !== 'object' || node === null) return found
  for (const [key, value] of Object.entries(node)) {
    if (key === 'RangeVar') {
      const { schemaname, relname } = value as { readonly schemaname?: string; readonly relname?: string }
      const names = [schemaname, relname].filter((name) => name !== undefined)
      found.add(names.map((name) => `"${name.replaceAll('"', '""')}"`).join('.'))
    }
    tablesIn(value, found)
  }
  return found
}
