import { NotSupported } from '../sql/error.ts'
import type { Heap, Row, Snapshot, Transaction, Tuple } from '../storage/model.ts'
import { visible } from '../storage/visibility.ts'
import type { Rows, SqlValue } from '../types/value.ts'

/** An existing row that conflicted with proposed rows. */
interface MetConflict {
  readonly clause: object
  /** The version that conflicted. `tuple`: the newest version of the row at that time; undefined for a deleted row. */
  readonly first: Tuple
  readonly tuple: Tuple | undefined
  readonly proposed: Rows
}

/** What a statement observed in addition to its snapshot. */
export interface Met {
  /** The rows that the statement locked, each with the locked version; undefined for a deleted row. */
  readonly locked: Map<Row, Tuple | undefined>
  readonly skipped: Set<Row>
  /** Existing rows that conflicted with rows proposed by INSERT … ON CONFLICT. */
  readonly conflicts: Map<Row, MetConflict>
  /** Indexes of the assigned columns, by the created row version. */
  readonly assigned: Map<Tuple, ReadonlySet<number>>
  /** Each row that the statement read, in the order of the first reads. */
  readonly order: Map<Row, number>
  /** The tables in which the statement searched for the rows visible to its snapshot. */
  readonly heaps: Set<Heap>
  readonly emptied: Map<Heap, number>
}

export const createMet = (): Met => ({
  locked: new Map(),
  skipped: new Set(),
  conflicts: new Map(),
  assigned: new Map(),
  order: new Map(),
  heaps: new Set(),
  emptied: new Map(),
})

/** For each row, the version to show in place of the one that the statement saw; undefined to hide the row. */
export type Changes = ReadonlyMap<Heap, ReadonlyMap<Row, Tuple | undefined>>

interface Ran {
  readonly snapshot: Snapshot
  readonly transaction: Transaction
  readonly memo: ReadonlyMap<object, unknown>
}

/** The rows that a repeated evaluation sees: those that the statement saw, with `changes` applied. */
export class View {
  readonly #executed: Ran
  readonly #met: Met
  readonly #changes: Changes
  /** The rows that the modifications in WITH would return. */
  readonly previewedRows: (readonly SqlValue[])[] = []

  constructor(executed: Ran, met: Met, changes: Changes) {
    this.#executed = executed
    this.#met = met
    this.#changes = changes
  }

  /**
   * Returns the row versions that the repeated evaluation sees, in the order in which the statement first read their
   * rows.
   */
  read(heap: Heap, among: readonly Tuple[]): readonly Tuple[] {
    const changed = this.#changes.get(heap)
    const emptied = heap.emptied?.slice(this.#met.emptied.get(heap) ?? 0) ?? []
    const visibleTuples = [...among, ...emptied].filter(
      (tuple) => changed?.has(tuple.row) !== true && this.shows(tuple),
    )
    for (const tuple of changed?.values() ?? []) if (tuple !== undefined) visibleTuples.push(tuple)
    const { order } = this.#met
    const placeOf = ({ row }: Tuple): number => order.get(row) ?? order.size + row.number
    return visibleTuples.sort((one, other) => placeOf(one) - placeOf(other))
  }

  /** Without the changes. */
  shows(tuple: Tuple): boolean {
    const { snapshot, transaction } = this.#executed
    const { locked, skipped } = this.#met
    if (skipped.has(tuple.row)) return false
    return locked.has(tuple.row) ? locked.get(tuple.row) === tuple : visible(tuple, snapshot, transaction)
  }

  /** Returns the rows that would conflict with an INSERT, each with the proposed row. */
  conflicts(heap: Heap, clause: object): readonly { readonly tuple: Tuple; readonly proposed: readonly SqlValue[] }[] {
    const { heaps, conflicts } = this.#met
    const changed = this.#changes.get(heap)
    return [...conflicts].flatMap(([row, met]) => {
      if (met.clause !== clause) return []
      if (heaps.has(heap) && !this.#isShown(met))
        throw new NotSupported('ON CONFLICT on a row that changed after the statement read it')
      const tuple = changed?.has(row) === true ? changed.get(row) : met.tuple
      return tuple === undefined ? [] : met.proposed.map((proposed) => ({ tuple, proposed }))
    })
  }

  /** Whether the statement's snapshot shows the newest state of the row. */
  #isShown({ first, tuple }: MetConflict): boolean {
    const { snapshot, transaction } = this.#executed
    if (tuple === undefined) return !visible(first, snapshot, transaction)
    return tuple.xmin.transaction === transaction || visible(tuple, snapshot, transaction)
  }

  /** Returns the result that a part of the statement had in the original execution. */
  kept(part: object): unknown {
    return this.#executed.memo.get(part)
  }
}

export function noteRead({ heaps, order, emptied }: Met, heap: Heap, tuples: readonly Tuple[]): void {
  heaps.add(heap)
  if (heap.emptied !== undefined && !emptied.has(heap)) emptied.set(heap, heap.emptied.length)
  for (const { row } of tuples) if (!order.has(row)) order.set(row, order.size)
}
