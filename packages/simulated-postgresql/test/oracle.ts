import { PGlite } from '@electric-sql/pglite'
import { btree_gist } from '@electric-sql/pglite/contrib/btree_gist'
import { citext } from '@electric-sql/pglite/contrib/citext'

/** The answer to a statement. */
export type Answer =
  | {
      readonly kind: 'rows'
      readonly oids: readonly number[]
      readonly names: readonly string[]
      readonly rows: readonly (readonly (string | null)[])[]
      /** How many rows were inserted, updated or deleted. */
      readonly changed: number
    }
  | {
      readonly kind: 'error'
      readonly code: string
      readonly message: string
      readonly detail?: string | undefined
      /** The number of the character that the error is about. Characters are counted from 1. */
      readonly position?: number | undefined
    }
  | { readonly kind: 'refused'; readonly what: string }

/** What an error of PGlite says. */
interface Fields {
  readonly code?: string
  readonly message: string
  readonly detail?: string
  readonly position?: string
}

/** A PostgreSQL in WebAssembly. Its answers contain values as texts. */
export interface Oracle {
  answer(sql: string): Promise<Answer>
  execute(sql: string): Promise<void>
  close(): Promise<void>
}

export async function startOracle(): Promise<Oracle> {
  const database = await PGlite.create({ extensions: { btree_gist, citext } })
  await database.exec("set timezone to 'UTC'")
  const types = await database.query<{ oid: number }>('select oid from pg_type')
  const parsers = Object.fromEntries(types.rows.map(({ oid }) => [oid, (text: string) => text]))
  return {
    async answer(sql) {
      try {
        const result = await database.query<(string | null)[]>(sql, [], { rowMode: 'array', parsers })
        return {
          kind: 'rows',
          oids: result.fields.map((field) => field.dataTypeID),
          names: result.fields.map((field) => field.name),
          rows: result.rows,
          changed: result.affectedRows ?? 0,
        }
      } catch (error) {
        const { code, message, detail, position } = error as Fields
        if (code === undefined) throw error
        return { kind: 'error', code, message, detail, position: position === undefined ? undefined : Number(position) }
      }
    },
    execute: async (sql) => {
      await database.exec(sql)
    },
    close: () => database.close(),
  }
}

/** Whether two answers are equal. Errors are compared only by their SQLSTATE. */
export function sameAnswer(a: Answer, b: Answer): boolean {
  if (a.kind === 'error' || b.kind === 'error') return a.kind === 'error' && b.kind === 'error' && a.code === b.code
  return answerText(a) === answerText(b)
}

/**
 * Returns the text of an answer, with one number for the oids of all user-defined types. The oids differ, because an
 * extension creates further types in PostgreSQL.
 */
function answerText(answer: Exclude<Answer, { readonly kind: 'error' }>): string {
  if (answer.kind === 'refused') return answer.what
  return JSON.stringify({ ...answer, oids: answer.oids.map((oid) => Math.min(oid, 16_384)) })
}
