import { temporarySchema } from '../catalogue/catalogue.ts'
import { columnsOf, type Table } from '../catalogue/table.ts'
import { undefinedColumn } from '../sql/system-columns.ts'
import { knownRelation, relationNumbered, undefinedRelation } from '../sql/undefined.ts'
import type { Transaction } from '../storage/model.ts'
import type { Server } from './server.ts'
import type { Settings } from './settings.ts'
import type { Transactions } from './transactions.ts'

/** Resolves names in a session: the schemas that it searches, and the relations that it sees. */
export class Names {
  readonly #server: Server
  readonly #settings: Settings
  readonly #transactions: Pick<Transactions, 'open'>
  readonly #user: string
  readonly temporarySchema: string

  constructor(
    server: Server,
    settings: Settings,
    transactions: Pick<Transactions, 'open'>,
    { user, pid }: { readonly user: string; readonly pid: number },
  ) {
    this.#server = server
    this.#settings = settings
    this.#transactions = transactions
    this.#user = user
    this.temporarySchema = temporarySchema(pid)
  }

  searchPath(): readonly string[] {
    const path = this.#written()
    const all = path.includes('pg_catalog') ? path : ['pg_catalog', ...path]
    return this.temporaryTables().length === 0 || path.includes(this.temporarySchema)
      ? all
      : [this.temporarySchema, ...all]
  }

  /** Returns the schemas in `search_path`, with `$user` and `pg_temp` replaced. */
  #written(): readonly string[] {
    return splitList(this.#settings.get('search_path') ?? '').map((name) =>
      name === '$user' ? this.#user : name === 'pg_temp' ? this.temporarySchema : name,
    )
  }

  /** Returns the existing schemas of the search path. With `implicit`, includes those that are always searched. */
  schemas(implicit: boolean): readonly string[] {
    const path = implicit ? this.searchPath() : this.#written()
    const hasTemporary = this.temporaryTables().length > 0
    return path.filter(
      (each) =>
        this.#server.catalogue.hasSchema(each, this.#transactions.open) ||
        (hasTemporary && each === this.temporarySchema),
    )
  }

  temporaryTables(): readonly Table[] {
    const { catalogue } = this.#server
    return catalogue.hasTemporary
      ? catalogue.visibleTables(this.#transactions.open).filter((each) => each.schema === this.temporarySchema)
      : []
  }

  relationOid(text: string): number {
    if (/^\d+$/.test(text)) return Number(text)
    const names = splitName(text)
    const name = names.at(-1) ?? ''
    const schema = names.at(-2)
    const path = schema === undefined ? this.searchPath() : [schema === 'pg_temp' ? this.temporarySchema : schema]
    const { catalogue } = this.#server
    const found = catalogue.relation(path, name, this.#transactions.open)
    if (found !== undefined) return found.oid
    const index = catalogue.index(path, name, this.#transactions.open)
    const indexOid = index?.index.oid
    if (indexOid !== undefined) return indexOid
    const known = knownRelation(schema, name)?.oid
    if (known !== undefined) return known
    throw undefinedRelation([schema, name])
  }

  /** Returns a relation's name, with its schema if needed. */
  relationName(oid: number): string | undefined {
    const own = this.#transactions.open
    return this.#server.catalogue.preserved.seenBy(own, () => this.#nameOf(oid, own))
  }

  #nameOf(oid: number, own: Transaction | undefined): string | undefined {
    const { catalogue } = this.#server
    const relation = catalogue.relationByOid(oid, own)
    const indexed = relation === undefined ? catalogue.indexByOid(oid, own) : undefined
    const name = relation?.name ?? indexed?.index.name
    const schema = relation?.schema ?? indexed?.table.schema
    if (name === undefined || schema === undefined) return relationNumbered(oid)?.replace(/^pg_catalog\./, '')
    const first = this.searchPath().find(
      (each) => catalogue.relation([each], name, own) !== undefined || catalogue.index([each], name, own) !== undefined,
    )
    return first === schema ? quoted(name) : `${quoted(schema)}.${quoted(name)}`
  }

  serialSequence(table: string, column: string): string | undefined {
    const { catalogue } = this.#server
    const found = catalogue.relationByOid(this.relationOid(table), this.#transactions.open)
    const attribute =
      found !== undefined && 'columns' in found
        ? columnsOf(found).find((each) => each.name === column)?.attribute
        : undefined
    if (found === undefined || attribute === undefined) throw undefinedColumn(column, { name: table })
    for (const sequence of catalogue.visibleSequences(this.#transactions.open))
      if (sequence.owner?.table === found && sequence.owner.attribute === attribute)
        return `${quoted(sequence.schema)}.${quoted(sequence.name)}`
    return undefined
  }
}

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

/** Returns the parts of a qualified name such as `public."My Table"`. */
export function splitName(text: string): readonly string[] {
  return identifiers(text, /"((?:[^"]|"")*)"|([^."]+)/g)
}

function splitList(text: string): readonly string[] {
  return identifiers(text, /"((?:[^"]|"")*)"|([^,"\s]+)/g)
}

const identifiers = (text: string, pattern: RegExp): readonly string[] =>
  Array.from(text.matchAll(pattern), ([, exact, folded = '']) =>
    exact === undefined ? folded.trim().toLowerCase() : exact.replaceAll('""', '"'),
  )
