import { memberOf } from './depth.ts'
import type { Event, EventInput, Json } from './event.ts'

/**
 * A note of the recorder about a gap in its record.
 *
 * - `touched`: from here on, a request outside this history changes the key.
 * - `not-understood`: the result of a read is lost.
 * - `unseen`: any key may change without a visible request.
 */
export interface Mark {
  readonly kind: 'touched' | 'not-understood' | 'unseen'
  /** The key's name; undefined if any key may be affected. */
  readonly key: string | undefined
  /** Event position: client events before the mark have smaller positions. */
  readonly position: number
  /** 1-based line in the file. */
  readonly line: number
  /** The request or command, for example `POST /login` or `EVAL`. */
  readonly what: string
  readonly why: string
  /** Whether the marked request is itself an operation of this history, with unknown outcome and value. */
  readonly isRecorded?: boolean | undefined
  /**
   * For a mark of the kind `touched`: the event position by which the marked request has made all its changes;
   * undefined if unknown.
   */
  readonly settled?: number | undefined
}

const END = 'end'

/** The last line of a complete recording. A recording without this line was cut off. */
export const RECORD_END: string = `${JSON.stringify({ process: 'recorder', type: 'info', f: END })}\n`

/** Traffic that was passed on but is not an operation. */
export interface PassedOn {
  readonly what: string
  readonly count: number
  /**
   * Whether the traffic may have changed the objects. If so, a `touched` mark has the position of the first possible
   * change.
   */
  readonly mayWrite: boolean
}

export class RecorderNotes {
  readonly #marks: { readonly mark: Mark; readonly id: Json | undefined }[] = []
  readonly #withdrawn: Set<Json> = new Set()
  /** For each mark id: the event position at which the marked request has made all its changes. */
  readonly #settled: Map<Json, number> = new Map()
  readonly #passedOn: Map<string, PassedOn> = new Map()
  #hasEnded = false
  #hasNotes = false

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Whether the recorder wrote anything besides the end mark. */
  get hasNotes(): boolean {
    return this.#hasNotes
  }

  /** `position` is the number of client events before the event. */
  add({ f, key, value, extra }: Event, position: number, line: number): void {
    const what = textAt(value, 'what')
    if (f !== END) this.#hasNotes = true
    if (f === END) this.#hasEnded = true
    else if (f === 'touched' || f === 'not-understood' || f === 'unseen') {
      const mark: Mark = { kind: f, key, position, line, what, why: textAt(value, 'why') }
      this.#marks.push({ mark, id: extra?.['mark'] })
    } else if (f === 'withdrawn') {
      const id = memberOf(value, ['mark'])
      if (id !== undefined) this.#withdrawn.add(id)
    } else if (f === 'settled') {
      const id = memberOf(value, ['mark'])
      if (id !== undefined) this.#settled.set(id, position)
    } else if (f === 'passed-on') {
      const count = memberOf(value, ['count'])
      const mayWrite = memberOf(value, ['mayWrite']) === true
      // Each event's `count` is the total so far, so a later event replaces an earlier one.
      this.#passedOn.set(what, { what, count: typeof count === 'number' ? count : 1, mayWrite })
    }
  }

  /** Returns the marks. Leaves out those of requests that were refused. */
  marks(): readonly Mark[] {
    return this.#marks.flatMap(({ mark, id }) => {
      if (id === undefined) return [mark]
      const settled = this.#settled.get(id)
      return this.#withdrawn.has(id) ? [] : [settled === undefined ? mark : { ...mark, settled }]
    })
  }

  passedOn(): readonly PassedOn[] {
    return [...this.#passedOn.values()]
  }
}

function textAt(value: Json, member: string): string {
  const text = memberOf(value, [member])
  return typeof text === 'string' ? text : 'not said'
}

export interface RowLock {
  /** The name of the row. It is a prefix of the names of the row's cells: `accounts/7` for `accounts/7/balance`. */
  readonly row: string
  readonly from: number
  /**
   * The row was certainly locked from `from`, when a statement that locked it was answered, to `to`, when the end of
   * the transaction was requested. If one statement locked the row and ended the transaction, `to` may be less than
   * `from`. The row was then locked at some time between `to` and `from`.
   */
  readonly to: number
}

/**
 * Facts about a transaction beyond its reads and writes. They are additional members of its completion.
 *
 * - `"locks":[["accounts/7",from,to]]`
 * - `"isolation":"repeatable read"`
 * - `"statements":[["SELECT …",2,from,to]]`: each statement, its number of micro-operations, and the times between
 *   which its snapshot was taken
 * - `"predicates":["SELECT …"]`: statements that also depend on rows that are not among their reads
 * - `"versions":[0,-1]`: the version of each micro-operation
 * - `"request":"4bf92f…"`: the request that the transaction belongs to
 */
export interface TransactionNote {
  readonly locks: readonly RowLock[]
  readonly isolation: string | undefined
  readonly statements: readonly (readonly [sql: string, microOperations: number, from?: number, to?: number])[]
  readonly predicates: readonly string[]
  /** The request that the transaction belongs to, from comments in its statements. */
  readonly request: string | undefined
  /**
   * The version that each micro-operation read or wrote: 0 is the first write of its cell, -1 the initial version.
   * Absent if unknown.
   */
  readonly versions?: readonly number[]
}

/** Returns the note about a transaction that its completion contains. Malformed members of the note are ignored. */
export function transactionNoteOf({ extra }: EventInput): TransactionNote | undefined {
  if (extra === undefined || !('statements' in extra || 'locks' in extra || 'predicates' in extra)) return undefined
  const { locks, isolation, statements, predicates, request, versions } = extra as {
    readonly [member: string]: Json | undefined
  }
  return {
    locks: listIn(locks).flatMap((lock) => {
      const [row, from, to] = listIn(lock)
      return typeof row === 'string' && typeof from === 'number' && typeof to === 'number' ? [{ row, from, to }] : []
    }),
    isolation: typeof isolation === 'string' ? isolation : undefined,
    statements: listIn(statements).flatMap((statement) => {
      const [sql, count, from, to] = listIn(statement)
      if (typeof sql !== 'string' || typeof count !== 'number') return []
      return [typeof from === 'number' && typeof to === 'number' ? [sql, count, from, to] : [sql, count]] as const
    }),
    predicates: listIn(predicates).flatMap((sql) => (typeof sql === 'string' ? [sql] : [])),
    request: typeof request === 'string' ? request : undefined,
    ...(versions === undefined ? {} : { versions: listIn(versions).map(Number) }),
  }
}

const listIn = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : [])
