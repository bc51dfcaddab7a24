import { NotSupported } from '../sql/error.ts'
import type { Heap, Row, Snapshot, Transaction, Tuple } from '../storage/model.ts'
import { visible } from '../storage/visibility.ts'
import type { SqlValue } from '../types/value.ts'

/** A row that was in the way. */
interface MetConflict {
  /** The ON CONFLICT that met it. */
  readonly clause: object
  /** The version that it met, and the newest one then; undefined: the row was gone. */
  readonly first: Tuple
  readonly tuple: Tuple | undefined
  readonly proposed: readonly (readonly SqlValue[])[]
}

/** What a statement found besides what its snapshot shows. */
export interface Met {
  /** Rows that it locked in a version of their own; undefined: the row was gone. */
  readonly locked: Map<Row, Tuple | undefined>
  /** Rows that it passed over because others held them: SKIP LOCKED. */
  readonly skipped: Set<Row>
  /** Rows that were in the way of what it inserted: ON CONFLICT. */
  readonly conflicts: Map<Row, MetConflict>
  /** The places of the columns that it assigned, by the version that it made. */
  readonly assigned: Map<Tuple, ReadonlySet<number>>
  /** The places of the rows that it read, in the order in which it got them first. */
  readonly order: Map<Row, number>
  /** What it read by its snapshot. */
  readonly heaps: Set<Heap>
  /** How many rows TRUNCATE had taken out of a table before it read it. */
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

/** Rows that are shown in another version than the statement saw; undefined: not at all. */
export type Changes = ReadonlyMap<Heap, ReadonlyMap<Row, Tuple | undefined>>

interface Ran {
  readonly snapshot: Snapshot
  readonly transaction: Transaction
  readonly memo: ReadonlyMap<object, unknown>
}

/** What a statement that was executed saw, so that it can be asked again: unchanged, or with other versions of some rows. */
export class View {
  readonly #executed: Ran
  readonly #met: Met
  readonly #changes: Changes
  /** What the modifications in WITH would do. */
  readonly partsAsked: (readonly SqlValue[])[] = []

  constructor(executed: Ran, met: Met, changes: Changes) {
    this.#executed = executed
    this.#met = met
    this.#changes = changes
  }

  /** Of the versions of a table those that it shows, in the order in which they were read. */
  read(heap: Heap, among: readonly Tuple[]): readonly Tuple[] {
    const changed = this.#changes.get(heap)
    const emptied = heap.emptied?.slice(this.#met.emptied.get(heap) ?? 0) ?? []
    const shown = [...among, ...emptied].filter((tuple) => changed?.has(tuple.row) !== true && this.shows(tuple))
    for (const tuple of changed?.values() ?? []) if (tuple !== undefined) shown.push(tuple)
    const { order } = this.#met
    const placeOf = ({ row }: Tuple): number => order.get(row) ?? order.size + row.number
    return shown.sort((one, other) => placeOf(one) - placeOf(other))
  }

  /** Without the changes. */
  shows(tuple: Tuple): boolean {
    const { snapshot, transaction } = this.#executed
    const { locked, skipped } = this.#met
    if (skipped.has(tuple.row)) return false
    return locked.has(tuple.row) ? locked.get(tuple.row) === tuple : visible(tuple, snapshot, transaction)
  }

  /** The rows that were in the way of what an INSERT would insert, as they are shown, and what it would insert. */
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

  /** Whether the snapshot shows the row as it was met. */
  #isShown({ first, tuple }: MetConflict): boolean {
    const { snapshot, transaction } = this.#executed
    if (tuple === undefined) return !visible(first, snapshot, transaction)
    return tuple.xmin.transaction === transaction || visible(tuple, snapshot, transaction)
  }

  /** What a part of the statement came to when it was executed. */
  kept(part: object): unknown {
    return this.#executed.memo.get(part)
  }
}

/** Notes what a statement read of a table. */
export function noteRead({ heaps, order, emptied }: Met, heap: Heap, tuples: readonly Tuple[]): void {
  heaps.add(heap)
  if (heap.emptied !== undefined && !emptied.has(heap)) emptied.set(heap, heap.emptied.length)
  for (const { row } of tuples) if (!order.has(row)) order.set(row, order.size)
}
