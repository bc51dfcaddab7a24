import { columnsOf } from '../catalogue/table.ts'
import { addTo } from '../lists.ts'
import type { Tuple } from '../storage/model.ts'
import type { SqlValue } from '../types/value.ts'
import type { Executed } from './executed.ts'
import type { Member } from './members.ts'
import { sightOf } from './sight.ts'
import { type Changed, changedPlaces, type RowHistory, withEntries } from './versions.ts'
import type { Access, WitnessedStatement, WitnessedTransaction, WitnessedValue } from './witnessed.ts'

/** A statement's relation to a change by another transaction: it saw the change or missed it. */
interface Read {
  readonly history: RowHistory
  /** The indexes of the columns whose change matters; undefined for the whole row. */
  readonly places: readonly number[] | undefined
  readonly executed: Executed
  readonly reader: Member
  readonly writer: Member
  /** The index of the writer's version in the row's history. */
  readonly at: number
  readonly isSeen: boolean
}

interface Cell {
  readonly history: RowHistory
  readonly places: readonly number[] | undefined
  /** The transactions that were compared with each other. The keys are their transaction objects in the storage. */
  readonly compared: ReadonlyMap<unknown, Member>
  readonly reads: Read[]
  /** The indexes of the versions that were read or whose order is reported. */
  readonly versions: Set<number>
  /** The indexes among `versions` whose order the final state shows, even if no statement read them. */
  readonly ordered: Set<number>
}

/**
 * The data that the transactions read and wrote, as cells with versions. A cell is one column, several columns, or a
 * row.
 */
export class Cells {
  readonly #cells: Map<RowHistory['row'], Map<string, Cell>>[] = []
  readonly #names = new Map<string, number>()
  #compared: Cell['compared'] = new Map()

  /** Begins a new set of cells for transactions that are compared only with each other. */
  begin(members: readonly Member[]): void {
    this.#cells.push(new Map())
    this.#compared = new Map(members.map((member) => [member.transaction, member]))
  }

  addRead(read: Read): void {
    const cell = this.#cellOf(read.history, read.places)
    cell.reads.push(read)
    cell.versions.add(read.at)
  }

  /** Adds the changes of several transactions. The final state shows the order of these changes. */
  addWrites(members: readonly Member[], changed: Changed): void {
    const groups = new Map(members.map(({ transaction, group }) => [transaction, group]))
    const histories = new Set(members.flatMap(({ transaction }) => changed.get(transaction) ?? []))
    for (const history of histories) {
      const own = history.versions.flatMap(({ transaction }, at) => (groups.has(transaction) ? [at] : []))
      const placesOf = new Map<number | undefined, number[]>()
      for (const at of own) for (const place of changedPlaces(history, at) ?? [undefined]) addTo(placesOf, place, at)
      for (const [place, some] of placesOf) {
        const writers = new Set(
          some.map((at) => groups.get(history.versions[at]?.transaction as Member['transaction'])),
        )
        if (writers.size < 2) continue
        const cell = this.#cellOf(history, place === undefined ? undefined : [place])
        for (const at of some) {
          cell.versions.add(at)
          cell.ordered.add(at)
        }
      }
    }
  }

  #cellOf(history: RowHistory, places: readonly number[] | undefined): Cell {
    const cells = this.#cells.at(-1)
    const ofRow = cells?.get(history.row) ?? new Map<string, Cell>()
    cells?.set(history.row, ofRow)
    const key = places?.join() ?? ''
    const empty = { history, places, compared: this.#compared, reads: [], versions: new Set<number>() }
    const cell = ofRow.get(key) ?? { ...empty, ordered: new Set<number>() }
    ofRow.set(key, cell)
    return cell
  }

  transactionsOf(members: readonly Member[]): readonly WitnessedTransaction[] {
    const accesses = new Map<Executed, Access[]>()
    const unplaced = new Map<Member, Access[]>()
    const addAccesses = (cell: Cell, versions: readonly number[], reads: readonly Read[]): void => {
      const name = this.#nameOf(cell, versions)
      for (const executed of new Set(reads.map((read) => read.executed))) {
        const sight = sightOf(executed, cell.history)
        if (sight === undefined) continue
        const version = versions.filter((at) => at <= sight.at).length - 1
        const tuple = sight.own.size === 0 ? sight.tuple : cell.history.versions[sight.at]?.tuple
        addTo(accesses, executed, { does: 'r', cell: name, value: this.#valueOf(cell, tuple), version })
      }
      versions.forEach((at, version) => {
        const { transaction, tuple, command } = cell.history.versions[at] ?? {}
        const member = cell.compared.get(transaction)
        if (member === undefined) return
        const access: Access = { does: 'w', cell: name, value: this.#valueOf(cell, tuple), version }
        const by = member.statements.findLast(
          ({ run, plan }) => plan.writes !== undefined && run.snapshot.commandId <= (command ?? 0),
        )
        if (by === undefined) addTo(unplaced, member, access)
        else addTo(accesses, by, access)
      })
    }
    for (const ofRow of this.#cells.flatMap((cells) => [...cells.values()])) {
      const known = new Map<Executed, number[]>()
      for (const { reads } of ofRow.values()) for (const { executed, at } of reads) addTo(known, executed, at)
      for (const cell of ofRow.values()) {
        const versions = this.#versionsOf(cell)
        const [shared, own] = this.#split(cell, versions, known)
        const isWhole = shared.length > 0 || own.length === 0
        if (isWhole) addAccesses(cell, versions, shared)
        for (const reads of own) addAccesses(cell, inOrder(new Set(reads.map(({ at }) => at))), reads)
        if (!isWhole && cell.ordered.size > 0) addAccesses(cell, inOrder(cell.ordered), [])
      }
    }
    return members.map((member) => witnessedTransaction(member, accesses, unplaced.get(member) ?? []))
  }

  /** Returns the versions of a cell that the compared transactions wrote, including versions that no statement read. */
  #versionsOf({ history, places, versions, compared }: Cell): readonly number[] {
    return history.versions.flatMap(({ transaction }, at) => {
      if (!compared.has(transaction)) return []
      const changed = changedPlaces(history, at)
      const counts = changed === undefined || (places?.some((place) => changed.includes(place)) ?? false)
      return counts || versions.has(at) ? [at] : []
    })
  }

  /**
   * Divides the reads of a cell by statement. Returns the reads that stay in the cell, and the reads of each statement
   * that needs a cell of its own. A statement's reads stay if the statement depends on the versions directly before and
   * after its read. A cell of its own has only the versions that matter to the statement.
   *
   * @param known the versions on which each statement depends, in any cell of the row
   */
  #split(
    { reads, history, compared }: Cell,
    versions: readonly number[],
    known: ReadonlyMap<Executed, readonly number[]>,
  ): readonly [readonly Read[], readonly (readonly Read[])[]] {
    const byStatement = new Map<Executed, Read[]>()
    for (const read of reads) addTo(byStatement, read.executed, read)
    const shared: Read[] = []
    const own: (readonly Read[])[] = []
    for (const [executed, some] of byStatement) {
      const sight = sightOf(executed, history)
      const [first] = some
      if (sight === undefined || first === undefined) continue
      const group = first.reader.group
      const isForeign = (at: number): boolean => compared.get(history.versions[at]?.transaction)?.group !== group
      const next = versions.find((at) => at > sight.at && isForeign(at))
      const last = versions.findLast((at) => at <= sight.at)
      // `known` covers all cells of the row. If a statement depends on the insertion of the row, perhaps only the cell
      // for the whole row shows this.
      const matters = (at: number | undefined): boolean =>
        at === undefined || known.get(executed)?.includes(at) === true
      if (matters(next) && matters(last)) shared.push(...some)
      else own.push(some)
    }
    return [shared, own]
  }

  #nameOf(cell: Cell, versions: readonly number[]): string {
    const { history, places } = cell
    const { table } = history
    const tuple = [versions[0] ?? 0, (versions[0] ?? 0) - 1]
      .map((at) => history.versions[at]?.tuple)
      .find((each) => each !== undefined)
    const key = table.indexes.find(({ primary }) => primary)
    const values = (key?.columns ?? []).map((place) => tuple?.values[place ?? -1] ?? null)
    const row =
      values.length === 0 ? `(0,${history.row.number})` : values.map((value) => String(this.#shown(value))).join('/')
    const columns = places?.map((place) => table.columns[place]?.name).join(', ')
    const name = [table.name, row, ...(columns === undefined ? [] : [columns])].join('/')
    const count = (this.#names.get(name) ?? 0) + 1
    this.#names.set(name, count)
    return count === 1 ? name : `${name} ${count}`
  }

  #valueOf({ history, places }: Cell, tuple: Tuple | undefined): WitnessedValue {
    if (tuple === undefined) return null
    const [only, ...others] = places ?? []
    if (only !== undefined && others.length === 0) return this.#shown(tuple.values[only] ?? null)
    const columns = columnsOf(history.table).filter(({ attribute }) => places?.includes(attribute - 1) !== false)
    return Object.fromEntries(
      columns.map(({ name, attribute }) => [name, this.#shown(tuple.values[attribute - 1] ?? null)]),
    )
  }

  #shown(value: SqlValue): string | number | boolean | null {
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
    if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
    if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
    return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : withEntries(part)))
  }
}

const inOrder = (versions: Iterable<number>): readonly number[] => [...versions].sort((one, other) => one - other)

function witnessedTransaction(
  { transaction, statements, began, ended, group }: Member,
  accesses: ReadonlyMap<Executed, readonly Access[]>,
  unplaced: readonly Access[],
): WitnessedTransaction {
  const witnessed = statements.map((executed): WitnessedStatement => {
    const { sql, from, to } = executed
    const own = accesses.get(executed) ?? []
    const readsFirst = [...own.filter(({ does }) => does === 'r'), ...own.filter(({ does }) => does === 'w')]
    return { sql, from, to, accesses: readsFirst }
  })
  const rest = unplaced.length === 0 ? [] : [{ sql: '', from: ended, to: ended, accesses: unplaced }]
  return {
    ...{ pid: transaction.pid, began, ended },
    ...{ isolation: transaction.isolation, group: group.name, statements: [...witnessed, ...rest] },
  }
}
