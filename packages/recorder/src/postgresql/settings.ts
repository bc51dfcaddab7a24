import { quote } from '@chaosproxy/faults'
import { inputError, isObject, type Json } from '@chaosproxy/history'
import { type Identifier, parseIdentifier } from '../record/naming.ts'
import { isInitialValue, type Members, refuseUnknown } from '../record/settings.ts'
import type { Dialect } from './dialect.ts'
import { NamedSchemas } from './named-schemas.ts'
import type { ColumnType, IndirectWrites, RecordedTable } from './recorded-table.ts'
import { WrittenDecimals } from './written-decimals.ts'

/** The parameter with which clients name themselves. */
export const POSTGRESQL_NAMES = 'application_name'

export interface PostgresqlSettings {
  readonly commands: {
    readonly model: string
    readonly table: string
    /** The table's schema; undefined if the settings do not say it. */
    readonly schema?: string | undefined
    readonly key: string
    /** The recorded column. */
    readonly value: string
    readonly type: ColumnType
    /** The greatest number of decimal places written to each recorded numeric column. */
    readonly decimals: WrittenDecimals
    readonly schemas: NamedSchemas
    readonly functionsRead: boolean
    /** Whether a transaction's reads and writes of a row are one atomic operation. */
    readonly areAtomic: boolean
    /** The recorded tables, if whole transactions are recorded. */
    readonly tables?: ReadonlyMap<string, RecordedTable> | undefined
    readonly isolation?: string | undefined
    /**
     * For each table: the other recorded tables that change when a statement writes this table, for example through a
     * trigger. Undefined if unknown.
     */
    readonly indirect?: ReadonlyMap<string, IndirectWrites> | undefined
    /** Undefined for PostgreSQL. */
    readonly dialect?: Dialect | undefined
  }
  readonly client: Identifier | undefined
  readonly initial: PostgresqlInitial
}

/** The rows' initial values; null is an absent row. */
type PostgresqlInitial = 'unknown' | { readonly value: Json }

const members: readonly string[] = [
  ...['table', 'key', 'value', 'type', 'commands', 'functions', 'transactions', 'client', 'initial'],
]
const wholeMembers: readonly string[] = [
  ...['tables', 'transactions', 'indirect', 'functions', 'isolation', 'client', 'initial'],
]
const columnTypes: readonly [ColumnType, ...ColumnType[]] = ['text', 'numeric', 'boolean', 'json']

const isolations = ['read uncommitted', 'read committed', 'repeatable read', 'serializable'] as const

const WHOLE_EXAMPLE = '{"tables":{"accounts":{"key":"id","values":["balance"]}},"transactions":"whole"}'
const EXAMPLE = '{"kind":"postgresql","table":"accounts","key":"id","value":"balance"}'

/**
 * Parses the members of `{"kind":"postgresql"}`. `"table"` names the recorded table, `"key"` its primary key, and
 * `"value"` the recorded column, whose type is `"type"`. With `"tables"`, whole transactions are recorded.
 *
 * @throws UserError that begins with `where`.
 */
export function parsePostgresqlSettings(given: Members, where: string): PostgresqlSettings {
  const parse = given['tables'] === undefined ? parseColumn : parseWhole
  return {
    commands: parse(given, where),
    client: parseIdentifier(given['client'], POSTGRESQL_NAMES, where),
    initial: parseInitial(given['initial'], where),
  }
}

function parseColumn(given: Members, where: string): PostgresqlSettings['commands'] {
  refuseUnknown(given, members, where)
  return {
    model: oneOf(given, 'commands', ['register', 'counter'], where),
    table: nameIn(given, 'table', undefined, where),
    schema: schemaIn(given['table']),
    key: nameIn(given, 'key', 'key', where),
    value: nameIn(given, 'value', 'value', where),
    type: oneOf(given, 'type', columnTypes, where),
    decimals: new WrittenDecimals(),
    schemas: new NamedSchemas(),
    functionsRead: oneOf(given, 'functions', ['anything', 'read'], where) === 'read',
    areAtomic: oneOf(given, 'transactions', ['atomic', 'apart'], where) === 'atomic',
    tables: undefined,
  }
}

/** Parses settings with `"tables"`. */
function parseWhole(given: Members, where: string): PostgresqlSettings['commands'] {
  const stranger = Object.keys(given).find((name) => !wholeMembers.includes(name))
  if (stranger !== undefined)
    throw inputError(
      `${where}: ${quote(stranger)} cannot be combined with "tables". Only ${wholeMembers.slice(1).join(', ')} can. Give each table its "key" and "values": ${WHOLE_EXAMPLE}.`,
    )
  oneOf(given, 'transactions', ['whole'], where)
  const tables = parseTables(given['tables'], where)
  return {
    ...{ model: 'rw-register', table: '', key: '', value: '', type: 'text', areAtomic: true },
    decimals: new WrittenDecimals(),
    schemas: new NamedSchemas(),
    functionsRead: oneOf(given, 'functions', ['anything', 'read'], where) === 'read',
    tables,
    indirect: parseIndirect(given['indirect'], tables, where),
    isolation:
      given['isolation'] === undefined
        ? undefined
        : oneOf({ isolation: given['isolation'] ?? 'read committed' }, 'isolation', isolations, where),
  }
}

function parseTables(given: unknown, where: string): ReadonlyMap<string, RecordedTable> {
  if (!isObject(given) || Object.keys(given).length === 0)
    throw inputError(`${where}: "tables" is ${quote(given)}. Give each table its "key" and "values": ${WHOLE_EXAMPLE}.`)
  const tables = new Map<string, RecordedTable>()
  for (const [table, members] of Object.entries(given)) {
    const at = `${where}, table ${quote(table)}`
    if (!isObject(members)) throw inputError(`${at} is ${quote(members)}. Give ${WHOLE_EXAMPLE}.`)
    refuseUnknown(members, ['key', 'values'], at)
    const name = nameIn({ table }, 'table', undefined, at)
    const key = nameIn(members, 'key', 'id', at)
    const values = columnsIn(members['values'], at)
    if (values.has(key))
      throw inputError(
        `${at}: ${quote(key)} is the "key" and one of the "values". Name only other columns in "values".`,
      )
    if (tables.has(name)) throw inputError(`${at}: two tables, in two schemas, have this name. Record one of them.`)
    tables.set(name, { name, schema: schemaIn(table), key, values, decimals: new WrittenDecimals() })
  }
  return tables
}

/** `"none"`, or `{"owners":{"delete":["accounts"]}}`. */
function parseIndirect(
  given: unknown,
  tables: ReadonlyMap<string, RecordedTable>,
  where: string,
): ReadonlyMap<string, IndirectWrites> | undefined {
  if (given === undefined) return undefined
  if (given === 'none') return new Map()
  const isList = (names: unknown): boolean =>
    Array.isArray(names) && names.every((name) => typeof name === 'string' && tables.has(name))
  const isMember = ([member, value]: readonly [string, unknown]): boolean => {
    if (member === 'update') return isObject(value) && Object.values(value).every(isList)
    if (member === 'by') return Array.isArray(value) && value.every((name) => typeof name === 'string')
    return (member === 'write' || member === 'delete') && isList(value)
  }
  const isWrites = (writes: unknown): writes is IndirectWrites =>
    isObject(writes) && Object.entries(writes).every(isMember)
  const entries = isObject(given) ? Object.entries(given) : []
  const known = entries.filter((entry): entry is [string, IndirectWrites] => isWrites(entry[1]))
  if (isObject(given) && known.length === entries.length) return new Map(known)
  throw inputError(
    `${where}: "indirect" is ${quote(given)}. Give "none" if recorded tables change only by statements that name them. Otherwise copy "indirect" from the output of chaos routes suggest, such as {"owners":{"delete":["accounts"]}}. Its lists may name only recorded tables.`,
  )
}

/** Parses columns: `["balance"]`, or with types `{"balance":"numeric"}`. */
function columnsIn(given: unknown, where: string): ReadonlyMap<string, ColumnType> {
  const columns = new Map<string, ColumnType>()
  if (Array.isArray(given))
    for (const name of given) {
      const column = nameIn({ values: name }, 'values', undefined, where)
      if (columns.has(column)) throw inputError(`${where}: ${quote(column)} is given twice in "values". Name it once.`)
      columns.set(column, 'text')
    }
  else if (isObject(given))
    for (const name of Object.keys(given)) columns.set(name, oneOf(given, name, columnTypes, where))
  if (columns.size > 0) return columns
  throw inputError(
    `${where}: "values" is ${quote(given)}. Name the recorded columns, as ["balance"], or with their types, as {"balance":"numeric"}.`,
  )
}

/** A name as PostgreSQL stores it, without its schema. */
function nameIn(given: Members, member: string, usual: string | undefined, where: string): string {
  const name = given[member] ?? usual
  if (typeof name !== 'string' || name === '')
    throw inputError(
      `${where}: ${name === undefined ? `"${member}" is missing` : `"${member}" is ${quote(name)}`}. Name the recorded table, its primary key and the recorded column: ${EXAMPLE}.`,
    )
  return name.slice(name.lastIndexOf('.') + 1)
}

/** The schema in a name such as `billing.accounts`. */
function schemaIn(name: unknown): string | undefined {
  const schema = typeof name === 'string' ? name.split('.').at(-2) : undefined
  return schema === '' ? undefined : schema
}

/** Returns the given member, which must be one of these names. The default is the first name. */
function oneOf<Name extends string>(
  given: Members,
  member: string,
  names: readonly [Name, ...Name[]],
  where: string,
): Name {
  const value = given[member] ?? names[0]
  const found = names.find((name) => name === value)
  if (found !== undefined) return found
  throw inputError(`${where}: "${member}" is ${quote(value)}. Give ${names.join(', ')}.`)
}

function parseInitial(initial: unknown, where: string): PostgresqlInitial {
  if (initial === undefined || initial === 'unknown') return 'unknown'
  if (isInitialValue(initial)) return initial
  throw inputError(
    `${where}: "initial" is ${quote(initial)}. The proxy has no password for the database, so it cannot read the rows. Give "unknown", {"value": null} if the table is empty, or {"value": 0} if every row holds 0.`,
  )
}
