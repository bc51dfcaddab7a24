import type { RecordedTable } from './recorded-table.ts'
import { isTable, type Token } from './sql-tokens.ts'

// Tables with the same name in different schemas.

type Named = Pick<RecordedTable, 'name' | 'schema'>

/** Why a statement may name another table than the recorded one. */
export interface SchemaDoubt {
  readonly table: string
  readonly why: string
}

interface Read {
  /** The tokens. A table that certainly is not recorded has another name. */
  readonly tokens: readonly Token[]
  readonly doubt: SchemaDoubt | undefined
}

/** The schema in which statements first named each table, by its recording. */
const first: WeakMap<object, Map<string, string>> = new WeakMap()

/**
 * Tells a recorded table from those with the same name in other schemas. Without a schema in the settings, the schema
 * that a statement names first is recorded.
 *
 * @param usual the schema of names without one; undefined if any.
 */
export function readSchemas(
  tokens: readonly Token[],
  tables: ReadonlyMap<string, Named>,
  { recorded, usual }: { readonly recorded: object; readonly usual: string | undefined },
): Read {
  let doubt: SchemaDoubt | undefined
  const others = new Set<number>()
  for (const [at, token] of tokens.entries()) {
    const table = token.kind === 'word' ? tables.get(token.text) : undefined
    if (table === undefined || !isTable(token, table.name)) continue
    const { name } = table
    const isQualified = tokens[at - 1]?.text === '.'
    const schema = isQualified ? schemaAt(tokens, at - 2) : tokens[at + 1]?.text === '.' ? undefined : usual
    if (schema === undefined) continue
    if (table.schema !== undefined) {
      if (isQualified && schema !== table.schema) others.add(at)
      continue
    }
    const known = firstSchemaOf(recorded, name, schema)
    if (known !== schema)
      doubt ??= {
        table: name,
        why: `it names ${schema}.${name}, and an earlier statement ${known}.${name}: say in the settings which one is recorded, such as "${known}.${name}"`,
      }
  }
  if (others.size === 0) return { tokens, doubt }
  return {
    tokens: tokens.map((token, at) => (others.has(at) ? { ...OTHER, text: `another ${token.text}` } : token)),
    doubt,
  }
}

const OTHER = { kind: 'word', quoted: true } as const

/** The schema at a position before a dot. An alias or a table, as in `o.accounts`, also occurs without a dot after it. */
function schemaAt(tokens: readonly Token[], at: number): string | undefined {
  const token = tokens[at]
  if (token?.kind !== 'word' || token.text === 'excluded') return undefined
  const isSchema = tokens.every(
    ({ kind, text }, other) => kind !== 'word' || text !== token.text || tokens[other + 1]?.text === '.',
  )
  return isSchema ? token.text : undefined
}

function firstSchemaOf(recorded: object, name: string, schema: string): string {
  const schemas = first.get(recorded) ?? new Map<string, string>()
  first.set(recorded, schemas)
  const known = schemas.get(name)
  if (known === undefined) schemas.set(name, schema)
  return known ?? schema
}
