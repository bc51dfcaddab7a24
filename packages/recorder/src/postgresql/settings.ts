import { quote } from '@chaosproxy/faults'
import { type Json, UserError } from '@chaosproxy/history'
import { type Identifier, parseIdentifier } from '../record/naming.ts'

/** The parameter by which clients name themselves. */
export const POSTGRESQL_NAMES = 'application_name'

/** How values of a column are compared. */
export type ColumnType = (typeof columnTypes)[number]

/** How a PostgreSQL is recorded. */
export interface PostgresqlSettings {
  readonly commands: {
    /** The model to check the history as. */
    readonly model: string
    /** The recorded table, by its name without the schema. */
    readonly table: string
    /** The column of its primary key. */
    readonly key: string
    /** The recorded column. */
    readonly value: string
    readonly type: ColumnType
    /** Whether called functions may be assumed to write the table only if the statement itself does. */
    readonly functionsRead: boolean
    /** Whether a transaction's reads and writes of one row are one operation. */
    readonly areAtomic: boolean
  }
  readonly client: Identifier | undefined
  readonly initial: PostgresqlInitial
}

/** The rows' values at the start: null is an absent row. */
export type PostgresqlInitial = 'unknown' | { readonly value: Json }

interface Members {
  readonly [name: string]: unknown
}

const members: readonly string[] = [
  ...['table', 'key', 'value', 'type', 'commands', 'functions', 'transactions', 'client', 'initial'],
]
const models = ['register', 'counter'] as const
const columnTypes = ['text', 'numeric', 'boolean', 'json'] as const

const EXAMPLE = '{"kind":"postgresql","table":"accounts","key":"id","value":"balance"}'

/**
 * Parses the members of `{"kind":"postgresql"}`. `"table"`, `"key"` and `"value"` name the recorded table, its primary
 * key and the recorded column; `"type"` is the column's.
 *
 * @throws UserError that begins with `where`.
 */
export function parsePostgresqlSettings(given: Members, where: string): PostgresqlSettings {
  const stranger = Object.keys(given).find((name) => !members.includes(name))
  if (stranger !== undefined)
    throw new UserError('input', `${where} has no member ${quote(stranger)}. It has: ${members.join(', ')}.`)
  return {
    commands: {
      model: oneOf(given, 'commands', models, 'register', where),
      table: nameIn(given, 'table', undefined, where),
      key: nameIn(given, 'key', 'key', where),
      value: nameIn(given, 'value', 'value', where),
      type: oneOf(given, 'type', columnTypes, 'text', where),
      functionsRead: oneOf(given, 'functions', ['anything', 'read'] as const, 'anything', where) === 'read',
      areAtomic: oneOf(given, 'transactions', ['atomic', 'apart'] as const, 'atomic', where) === 'atomic',
    },
    client: parseIdentifier(given['client'], POSTGRESQL_NAMES, where),
    initial: parseInitial(given['initial'], where),
  }
}

/** A name as PostgreSQL stores it: `public.kv` is `kv`, in any schema. */
function nameIn(given: Members, member: string, usual: string | undefined, where: string): string {
  const name = given[member] ?? usual
  if (typeof name !== 'string' || name === '')
    throw new UserError(
      'input',
      `${where}: ${name === undefined ? `"${member}" is missing` : `"${member}" is ${quote(name)}`}. Name the recorded table, its primary key and the recorded column: ${EXAMPLE}.`,
    )
  return name.slice(name.lastIndexOf('.') + 1)
}

function oneOf<Name extends string>(
  given: Members,
  member: string,
  names: readonly Name[],
  usual: Name,
  where: string,
): Name {
  const value = given[member] ?? usual
  const found = names.find((name) => name === value)
  if (found !== undefined) return found
  throw new UserError('input', `${where}: "${member}" is ${quote(value)}. Give ${names.join(', ')}.`)
}

function parseInitial(initial: unknown, where: string): PostgresqlInitial {
  if (initial === undefined || initial === 'unknown') return 'unknown'
  if (initial !== null && typeof initial === 'object' && Object.keys(initial).join() === 'value')
    return { value: (initial as { readonly value: Json }).value }
  throw new UserError(
    'input',
    `${where}: "initial" is ${quote(initial)}. Give "unknown", {"value": null} where the table is empty, or {"value": 0} where every row holds 0. The proxy has no password to read the rows with.`,
  )
}
