import { NotSupported, SqlError, type SqlErrorFields } from './error.ts'
import { DOMAINS, FUNCTIONS, RELATIONS, SETTINGS } from './known-names.ts'

// What becomes of a name that means nothing here: of one that PostgreSQL knows nobody can say what it would answer, so it
// is refused; any other is the error that PostgreSQL reports. Asked only then: what PostgreSQL knows is read the first time.

interface KnownRelation {
  /** Its number, if that is the same in each database. */
  readonly oid: number | undefined
  /** In their order, as `*` means them. */
  readonly columns: readonly string[]
  /** Those of an older version. */
  readonly former: readonly string[]
}

interface KnownNames {
  /** By `schema.name`. */
  readonly relations: ReadonlyMap<string, KnownRelation>
  /** How many arguments the functions take that are no signatures; `*`: any number. */
  readonly functions: ReadonlyMap<string, readonly string[]>
  readonly domains: ReadonlySet<string>
  readonly settings: ReadonlySet<string>
}

let read: KnownNames | undefined

function knownNames(): KnownNames {
  read ??= {
    relations: new Map(linesOf(RELATIONS).map(relationOf)),
    functions: new Map(
      linesOf(FUNCTIONS).flatMap(([counts = '', ...names]) => names.map((name) => [name, counts.split(',')] as const)),
    ),
    domains: new Set(DOMAINS.split(' ')),
    settings: new Set(SETTINGS.toLowerCase().split(' ')),
  }
  return read
}

const linesOf = (text: string): readonly (readonly string[])[] =>
  text
    .trim()
    .split('\n')
    .map((line) => line.split(' '))

function relationOf([head = '', ...columns]: readonly string[]): readonly [name: string, relation: KnownRelation] {
  const [name = '', oid] = head.split('=')
  return [
    name.replace(/[+-]$/, ''),
    {
      oid: oid === undefined ? undefined : Number(oid),
      columns: columns.filter((column) => !column.endsWith('-')).map((column) => column.replace('+', '')),
      former: columns.filter((column) => column.endsWith('-')).map((column) => column.slice(0, -1)),
    },
  ]
}

/** A relation of PostgreSQL's catalogue. Without a schema it is one that every search path leads to. */
export const knownRelation = (schema: string | undefined, name: string): KnownRelation | undefined =>
  knownNames().relations.get(`${schema ?? 'pg_catalog'}.${name}`)

export const knownRelationNumbered = (oid: number): string | undefined => {
  for (const [name, relation] of knownNames().relations) if (relation.oid === oid) return name
  return undefined
}

/** Schemas whose relations PostgreSQL makes itself. */
const isOfServer = (schema: string | undefined): boolean => schema?.startsWith('pg_toast') === true

type Names = readonly [schema: string | undefined, name: string]

const shownName = ([schema, name]: Names): string => (schema === undefined ? name : `${schema}.${name}`)

/** A relation: 42P01. */
export function undefinedRelation(names: Names, fields: SqlErrorFields = {}): Error {
  return knownRelation(...names) !== undefined || isOfServer(names[0])
    ? new NotSupported(shownName(names))
    : new SqlError('42P01', `relation "${shownName(names)}" does not exist`, fields)
}

/** A type: 42704. Each relation has one of its name. */
export function undefinedType(names: Names, fields: SqlErrorFields = {}): Error {
  const { domains } = knownNames()
  const [, name] = names
  const [schema, element] = [names[0], name.replace(/^_/, '')]
  const isKnown = [name, element].some(
    (each) =>
      knownRelation(schema, each) !== undefined ||
      knownRelation('information_schema', each) !== undefined ||
      domains.has(each),
  )
  return isKnown || isOfServer(schema)
    ? new NotSupported(`the type ${shownName(names)}`)
    : new SqlError('42704', `type "${shownName(names)}" does not exist`, fields)
}

/** The same by the text of its name: `pg_catalog.pg_class[]`. */
export function undefinedTypeText(text: string): Error {
  const names = text
    .replaceAll(/"|\(.*\)|\[\d*\]/g, '')
    .trim()
    .split('.')
  return undefinedType([names.at(-2), names.at(-1) ?? ''])
}

/** Numbers of what is made after the database itself. */
export const FIRST_OF_USERS = 16_384

/** A type by its number: 42704. */
export const undefinedTypeNumber = (oid: number): Error =>
  oid > 0 && oid < FIRST_OF_USERS
    ? new NotSupported(`the type with OID ${oid}`)
    : new SqlError('42704', `type with OID ${oid} does not exist`)

/** A function of this name, with so many arguments, that is no signature here. */
export function isKnownFunction(name: string, count?: number): boolean {
  const counts = knownNames().functions.get(name)
  return counts !== undefined && (count === undefined || counts.includes(`${count}`) || counts.includes('*'))
}

/** A setting: 42704. */
export const undefinedSetting = (name: string): Error =>
  knownNames().settings.has(name.toLowerCase())
    ? new NotSupported(`the setting ${name}`)
    : new SqlError('42704', `unrecognized configuration parameter "${name}"`)
