import type { RecordedTable } from './recorded-table.ts'
import { isTable, type Token } from './sql-tokens.ts'

// This file distinguishes tables that have the same name in different schemas.

type Named = Pick<RecordedTable, 'name' | 'schema'>

/** Why a statement may name another table than the recorded one. */
export interface SchemaDoubt {
  readonly table: string
  readonly why: string
}

interface Read {
  /** The statement's tokens. A table that certainly is not recorded is renamed. */
  readonly tokens: readonly Token[]
  readonly doubt: SchemaDoubt | undefined
}

/** Distinguishes a recorded table from tables with the same name in other schemas. */
export class NamedSchemas {
  /**
   * For each table without a schema in the settings: the schema that a statement named first. The table of this schema
   * is the recorded one.
   */
  readonly #first: Map<string, string> = new Map()
  #usual: string | undefined

  /** @param usual the schema of names without a schema. If undefined, such a name counts as the recorded table. */
  read(tokens: readonly Token[], tables: ReadonlyMap<string, Named>, usual: string | undefined): Read {
    let doubt: SchemaDoubt | undefined
    const others = new Set<number>()
    let dotted: ReadonlySet<string> | undefined
    for (const [at, token] of tokens.entries()) {
      const table = token.kind === 'word' ? tables.get(token.text) : undefined
      if (table === undefined || !isTable(token, table.name)) continue
      const { name } = table
      const isQualified = tokens[at - 1]?.text === '.'
      if (isQualified) dotted ??= dottedWords(tokens)
      const before = tokens[at - 2]?.text ?? ''
      const isColumn = isQualified ? dotted?.has(before) !== true : tokens[at + 1]?.text === '.'
      const schema = isQualified ? before : usual
      if (isColumn || schema === undefined) continue
      if (table.schema === undefined) doubt ??= this.#doubtOf(name, schema)
      else if (isQualified && schema !== table.schema) others.add(at)
    }
    return { tokens: others.size === 0 ? tokens : tokens.map((token, at) => (others.has(at) ? OTHER : token)), doubt }
  }

  /**
   * Returns why names without a schema mean other tables after this statement than before, if they do. The statement is
   * SET search_path or, in MySQL, USE.
   */
  changedBy(tokens: readonly Token[]): string | undefined {
    const usual = usualSchemasIn(tokens)
    if (usual === undefined) return undefined
    const known = this.#usual
    this.#usual ??= usual
    if (known === undefined || known === usual) return undefined
    return `names without a schema mean the tables of ${usual} after it, and those of ${known} before: record only connections that use one of them`
  }

  #doubtOf(table: string, schema: string): SchemaDoubt | undefined {
    const known = this.#first.get(table)
    if (known === undefined) this.#first.set(table, schema)
    if (known === undefined || known === schema) return undefined
    return {
      table,
      why: `it names ${schema}.${table}, and an earlier statement ${known}.${table}: say in the settings which one is recorded, such as "${known}.${table}"`,
    }
  }
}

/** The name of a table that is not recorded. */
const OTHER: Token = { kind: 'word', text: '', quoted: true }

function usualSchemasIn(tokens: readonly Token[]): string | undefined {
  const first = tokens[0]?.text
  if (first !== 'use' && first !== 'set') return undefined
  const words = tokens.map(({ text }) => text)
  const at = first === 'use' ? 0 : words.indexOf('search_path') + 1
  const schemas = first === 'set' && at === 0 ? '' : words.slice(at + 1).join(' ')
  return schemas === '' || schemas === 'default' ? undefined : schemas
}

/**
 * Returns the words that occur only before a dot. A schema's name does. An alias or a table, as in `o.accounts`, also
 * occurs without a dot after it.
 */
function dottedWords(tokens: readonly Token[]): ReadonlySet<string> {
  const [dotted, others] = [new Set<string>(), new Set(['excluded'])]
  tokens.forEach(({ kind, text }, at) => {
    if (kind === 'word') (tokens[at + 1]?.text === '.' ? dotted : others).add(text)
  })
  for (const word of others) dotted.delete(word)
  return dotted
}
