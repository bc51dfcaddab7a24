import type { EventInput, Json } from './event.ts'

/** A row that a transaction held locked at least between two times, in nanoseconds of the history. */
export interface RowLock {
  /** A row's name begins the names of its cells: `accounts/7` that of `accounts/7/balance`. */
  readonly row: string
  readonly from: number
  /** Before `from` for a statement of its own transaction: then it was locked at some time between the two. */
  readonly to: number
}

/**
 * What a recorder knows of a transaction besides what it read and wrote: further members of its completion.
 * `"locks":[["accounts/7",from,to]]`, `"isolation":"repeatable read"`, `"statements":[["SELECT …",2]]` with the number
 * of micro-operations of each, and `"predicates":["SELECT …"]`: statements that also depend on rows they do not show.
 */
export interface TransactionNote {
  readonly locks: readonly RowLock[]
  /** The level that it asked for. */
  readonly isolation: string | undefined
  readonly statements: readonly (readonly [sql: string, microOperations: number])[]
  readonly predicates: readonly string[]
}

/** The note of a completion; undefined if it has none. Members of another form are ignored. */
export function transactionNoteOf({ extra }: EventInput): TransactionNote | undefined {
  if (extra === undefined || !('statements' in extra || 'locks' in extra || 'predicates' in extra)) return undefined
  const { locks, isolation, statements, predicates } = extra as { readonly [member: string]: Json | undefined }
  return {
    locks: listIn(locks).flatMap((lock) => {
      const [row, from, to] = listIn(lock)
      return typeof row === 'string' && typeof from === 'number' && typeof to === 'number' ? [{ row, from, to }] : []
    }),
    isolation: typeof isolation === 'string' ? isolation : undefined,
    statements: listIn(statements).flatMap((statement) => {
      const [sql, count] = listIn(statement)
      return typeof sql === 'string' && typeof count === 'number' ? [[sql, count] as const] : []
    }),
    predicates: listIn(predicates).flatMap((sql) => (typeof sql === 'string' ? [sql] : [])),
  }
}

const listIn = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : [])
