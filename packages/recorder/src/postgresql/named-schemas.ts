import type { Operand } from './action.ts'
import type { RecordedTable } from './recorded-table.ts'
import { operandIn } from './sql-reader.ts'
import { isTable, type Token } from './sql-tokens.ts'

// This file distinguishes tables that have the same name in different schemas.

type Named = Pick<RecordedTable, 'name' | 'schema'>

/** Why a statement may name another table than the recorded one. */
export interface SchemaDoubt {
  readonly table: string
  readonly why: string
}

interface Read {
  /** The statement's tokens. A name that certainly denotes a table that is not recorded is replaced by `OTHER`. */
  readonly tokens: readonly Token[]
  readonly doubt: SchemaDoubt | undefined
  /** How the tokens name recorded tables, if they do. */
  readonly naming: TableNaming | undefined
}

/** Whether all recorded tables in a statement are named with their schema. */
export type TableNaming = 'qualified' | 'unqualified'

/** Where the server looks up the tables of a connection. In MySQL, the database is a schema. */
export interface Lookup {
  readonly database: string
  /** The schemas in which the server looks up unqualified names. */
  readonly schemas: string
}

/** Distinguishes a recorded table from tables with the same name in other schemas. */
export class NamedSchemas {
  /**
   * The settings may name a table without its schema. For each such table: the schema in which a statement first used
   * the table. Only the table in this schema is recorded.
   */
  readonly #first: Map<string, string> = new Map()
  /** The database in which the first statement on recorded tables was executed. */
  #database: string | undefined
  /** The schemas in which the first unqualified name of a recorded table was looked up. */
  #usual: string | undefined

  /**
   * @param usual the schema of unqualified table names. If undefined, an unqualified name counts as the recorded table.
   */
  read(tokens: readonly Token[], tables: ReadonlyMap<string, Named>, usual: string | undefined): Read {
    let doubt: SchemaDoubt | undefined
    const others = new Set<number>()
    let dotted: ReadonlySet<string> | undefined
    let naming: TableNaming | undefined
    for (const [at, token] of tokens.entries()) {
      const table = token.kind === 'word' ? tables.get(token.text) : undefined
      if (table === undefined || !isTable(token, table.name)) continue
      const { name } = table
      const isQualified = tokens[at - 1]?.text === '.'
      if (isQualified) dotted ??= dottedWords(tokens)
      const before = tokens[at - 2]?.text ?? ''
      const isColumn = isQualified ? dotted?.has(before) !== true : tokens[at + 1]?.text === '.'
      if (isColumn) continue
      const schema = isQualified ? before : usual
      const isOther = isQualified && table.schema !== undefined && schema !== table.schema
      if (isOther) others.add(at)
      else if (!isQualified || naming === undefined) naming = isQualified ? 'qualified' : 'unqualified'
      if (schema !== undefined && table.schema === undefined) doubt ??= this.#doubtOf(name, schema)
    }
    const left = others.size === 0 ? tokens : tokens.map((token, at) => (others.has(at) ? OTHER : token))
    return { tokens: left, doubt, naming }
  }

  /**
   * Returns why a table name in a statement may denote another table than it did in earlier statements: the statement
   * is in another database, or looks up names in other schemas. Undefined if it denotes the same table.
   */
  otherThanFirst({ database, schemas }: Lookup, naming: TableNaming): string | undefined {
    this.#database ??= database
    if (database !== this.#database)
      return `it is a statement in the database ${database}, and an earlier one was in ${this.#database}: record only connections to one of them`
    if (naming === 'qualified') return undefined
    this.#usual ??= schemas
    if (schemas === this.#usual) return undefined
    return `names without a schema are tables of ${schemas} in this statement, but of ${this.#usual} in an earlier one: record only connections that look them up in the same schemas`
  }

  #doubtOf(table: string, schema: string): SchemaDoubt | undefined {
    const known = this.#first.get(table)
    if (known === undefined) this.#first.set(table, schema)
    if (known === undefined || known === schema) return undefined
    return {
      table,
      why: `it names ${schema}.${table}, but an earlier statement named ${known}.${table}: name the schema in the mapping, such as "${known}.${table}"`,
    }
  }
}

/** The name of a table that is not recorded. */
const OTHER: Token = { kind: 'word', text: '', quoted: true }

/**
 * The schemas in which PostgreSQL looks up a table named without a schema, unless the connection chooses other schemas.
 */
const USUAL = 'public'

/**
 * Returns names of schemas as one text in a uniform spelling, so that two lists can be compared. Omits `$user`, because
 * a schema with the user's name rarely exists.
 */
export const schemaList = (names: readonly string[]): string =>
  names
    .map((name) => name.trim().replace(/^"(.*)"$/, '$1'))
    .filter((name) => name !== '' && name !== '$user')
    .join(', ')

/** The schemas that the startup parameters choose, either directly or in `options` (PGOPTIONS). */
export function schemasIn(parameters: ReadonlyMap<string, string>): string {
  const option = /search_path=((?:\\.|\S)+)/.exec(parameters.get('options') ?? '')?.[1]?.replace(/\\(.)/g, '$1')
  const chosen = parameters.get('search_path') ?? option
  return chosen === undefined ? USUAL : schemaList(chosen.split(','))
}

/**
 * If a statement changes the list of schemas for unqualified names, returns the new list. Undefined for other
 * statements.
 */
export function schemasSetBy(tokens: readonly Token[]): Operand | 'default' | undefined {
  const second = tokens[1]?.text
  switch (tokens[0]?.text) {
    case 'use':
      return { kind: 'constant', text: second ?? '' }
    case 'reset':
    case 'discard':
      return second === 'all' || second === 'search_path' ? 'default' : undefined
    case 'set': {
      const at = tokens.findIndex(({ text }) => text === 'search_path')
      const names = at === -1 ? [] : tokens.slice(at + 2).map(({ text }) => text)
      if (names.length === 0) return undefined
      return names[0] === 'default' ? 'default' : { kind: 'constant', text: names.join(' ') }
    }
    case 'select': {
      const at = tokens.findIndex(({ text }) => text === 'set_config')
      const given = tokens[at + 4]
      return at !== -1 && tokens[at + 2]?.text === 'search_path' && given !== undefined
        ? operandIn(given, '')
        : undefined
    }
    default:
      return undefined
  }
}

/** How long the choice of schemas by a statement lasts. MySQL's `USE` is not undone by a rollback. */
export type SchemaScope = 'transaction' | 'session' | 'connection'

export function scopeOfSchemas(tokens: readonly Token[]): SchemaScope {
  const [first, second] = tokens
  if (first?.text === 'use') return 'connection'
  if (first?.text === 'set') return second?.text === 'local' ? 'transaction' : 'session'
  const at = tokens.findIndex(({ text }) => text === 'set_config')
  return at !== -1 && tokens[at + 6]?.text === 'true' ? 'transaction' : 'session'
}

/**
 * Returns the words that have a dot after them wherever they occur. In a qualified name, such a word is a schema. The
 * alias or the name of a table, such as `o` in `o.accounts`, also occurs without a dot after it.
 */
function dottedWords(tokens: readonly Token[]): ReadonlySet<string> {
  const [dotted, others] = [new Set<string>(), new Set(['excluded'])]
  tokens.forEach(({ kind, text }, at) => {
    if (kind === 'word') (tokens[at + 1]?.text === '.' ? dotted : others).add(text)
  })
  for (const word of others) dotted.delete(word)
  return dotted
}
