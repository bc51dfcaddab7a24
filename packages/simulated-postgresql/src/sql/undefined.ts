import { NotSupported, SqlError, type SqlErrorFields } from './error.ts'
import { DOMAINS, FUNCTIONS, RELATIONS, SETTINGS } from './known-names.ts'
import { linesOf } from './lines.ts'

// This file returns errors for names that this package does not know. If PostgreSQL itself has an object of this name,
// the error is NotSupported, because the object is not simulated. For any other name, the error is PostgreSQL's own.
// The list of PostgreSQL's names is parsed at its first use.

interface KnownRelation {
  readonly oid: number | undefined
  /** The columns in the order of `*`. Empty if the relation is not simulated. */
  readonly columns: readonly string[]
  /** The columns that only older versions of PostgreSQL have. */
  readonly former: readonly string[]
}

interface KnownNames {
  /** By `schema.name`. */
  readonly relations: ReadonlyMap<string, KnownRelation>
  /** Functions that the signatures lack, by name: the possible numbers of arguments, or `*` for any number. */
  readonly functions: ReadonlyMap<string, readonly string[]>
  readonly domains: ReadonlySet<string>
  readonly settings: ReadonlySet<string>
}

let read: KnownNames | undefined

function knownNames(): KnownNames {
  read ??= {
    relations: new Map(
      Object.entries(RELATIONS).flatMap(([schema, table]) =>
        linesOf(table).flatMap((line) => relationsOf(schema, line)),
      ),
    ),
    functions: new Map(
      linesOf(FUNCTIONS).flatMap(([counts = '', ...names]) => names.map((name) => [name, counts.split(',')] as const)),
    ),
    domains: new Set(DOMAINS.split(' ')),
    settings: new Set(SETTINGS.toLowerCase().split(' ')),
  }
  return read
}

function relationsOf(
  schema: string,
  [heads = '', ...listed]: readonly string[],
): readonly (readonly [name: string, relation: KnownRelation])[] {
  const columns = listed.filter((column) => !column.endsWith('-'))
  const former = listed.filter((column) => column.endsWith('-')).map((column) => column.slice(0, -1))
  return heads.split(',').map((head) => {
    const [name, oid] = head.split('=')
    return [`${schema}.${name}`, { oid: oid === undefined ? undefined : Number(oid), columns, former }]
  })
}

/** The first oid of user-defined objects. */
export const FIRST_OF_USERS = 16_384

/** Returns a relation of PostgreSQL's system catalogue, by default in pg_catalog. */
export const knownRelation = (schema: string | undefined, name: string): KnownRelation | undefined =>
  knownNames().relations.get(`${schema ?? 'pg_catalog'}.${name}`)

/**
 * Returns the name of a relation of PostgreSQL's own. Undefined if no such relation can have the oid.
 *
 * @throws NotSupported if the oid may be that of an index, a view or a TOAST table
 */
export function relationNumbered(oid: number): string | undefined {
  for (const [name, relation] of knownNames().relations) if (relation.oid === oid) return name
  if (oid > 0 && oid < FIRST_OF_USERS) throw new NotSupported(`the relation with OID ${oid}`)
  return undefined
}

type Names = readonly [schema: string | undefined, name: string]

/** Whether a relation may be an index or a TOAST table that PostgreSQL itself creates. */
const isOfServer = ([schema, name]: Names): boolean =>
  schema?.startsWith('pg_toast') === true || /^pg_.*_index$/.test(name)

const dottedName = ([schema, name]: Names): string => (schema === undefined ? name : `${schema}.${name}`)

/** A relation: 42P01. */
export function undefinedRelation(names: Names, fields: SqlErrorFields = {}): Error {
  return knownRelation(...names) !== undefined || isOfServer(names)
    ? new NotSupported(dottedName(names))
    : new SqlError('42P01', `relation "${dottedName(names)}" does not exist`, fields)
}

/**
 * Returns NotSupported if PostgreSQL has the type, and 42704 otherwise. The name of a relation is also the name of its
 * row type.
 */
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
  return isKnown || isOfServer(names)
    ? new NotSupported(`the type ${dottedName(names)}`)
    : new SqlError('42704', `type "${dottedName(names)}" does not exist`, fields)
}

/** Returns the error for a type that does not exist. `text` is the type as it was written: `pg_catalog.pg_class[]`. */
export function undefinedTypeText(text: string): Error {
  const names = text
    .replaceAll(/"|\(.*\)|\[\d*\]/g, '')
    .trim()
    .split('.')
  return undefinedType([names.at(-2), names.at(-1) ?? ''])
}

/** Returns the error for a missing type by its oid, 42704. */
export const undefinedTypeNumber = (oid: number): Error =>
  oid > 0 && oid < FIRST_OF_USERS
    ? new NotSupported(`the type with OID ${oid}`)
    : new SqlError('42704', `type with OID ${oid} does not exist`)

/** Reports whether PostgreSQL has a function that `signatures.ts` lacks. `count`: the number of its arguments. */
export function isKnownFunction(name: string, count?: number): boolean {
  const counts = knownNames().functions.get(name)
  return counts !== undefined && (count === undefined || counts.includes(`${count}`) || counts.includes('*'))
}

/** A setting: 42704. */
export const undefinedSetting = (name: string): Error =>
  knownNames().settings.has(name.toLowerCase())
    ? new NotSupported(`the setting ${name}`)
    : new SqlError('42704', `unrecognized configuration parameter "${name}"`)
