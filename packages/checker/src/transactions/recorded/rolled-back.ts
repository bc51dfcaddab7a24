import { ABORTED, eachRow, type TransactionRecord, UNKNOWN, WRITE } from '../record/record.ts'

interface Read {
  readonly transaction: number
  readonly cell: number
  readonly value: number
  readonly began: number
  readonly ended: number
}

interface Write {
  readonly row: number
  readonly transaction: number
}

/**
 * Finds the writes of transactions that were rolled back, for reads that no committed version explains. PostgreSQL
 * shows no row while a transaction deletes it and inserts it again, so a value that a transaction overwrote itself may
 * explain a read, too.
 */
export class RolledBackWrites {
  readonly #record: TransactionRecord
  #byCell: ReadonlyMap<number, ReadonlyMap<number, readonly Write[]>> | undefined

  constructor(record: TransactionRecord) {
    this.#record = record
  }

  /** Returns the write that a read must have seen, as a micro-operation. Undefined if another write may explain it. */
  seenBy(read: Read): number | undefined {
    const { status, history } = this.#record
    const { callTime, returnTime, returnEvent } = history.operations
    this.#byCell ??= writesByCell(this.#record)
    const begun = (this.#byCell.get(read.cell)?.get(read.value) ?? []).filter(
      ({ transaction }) => transaction !== read.transaction && callTime[transaction] <= read.ended,
    )
    const open = begun.filter(
      ({ row, transaction }) =>
        (returnEvent[transaction] < 0 || returnTime[transaction] >= read.began) &&
        (status[transaction] === ABORTED || this.#isOverwritten(row, transaction)),
    )
    const possible = open.length > 0 ? open : begun
    const areRolledBack = possible.every(({ transaction }) => status[transaction] === ABORTED)
    return areRolledBack ? possible.at(-1)?.row : undefined
  }

  #isOverwritten(row: number, transaction: number): boolean {
    const { starts, kind, key } = this.#record
    for (let later = row + 1; later < starts[transaction + 1]; later++)
      if (kind[later] === WRITE && key[later] === key[row]) return true
    return false
  }
}

/** By cell and value: the writes of known values, ascending. */
function writesByCell(record: TransactionRecord): ReadonlyMap<number, ReadonlyMap<number, readonly Write[]>> {
  const { kind, key, value } = record
  const cells = new Map<number, Map<number, Write[]>>()
  eachRow(record, (row, transaction) => {
    if (kind[row] !== WRITE || value[row] === UNKNOWN) return
    const values = cells.get(key[row]) ?? new Map<number, Write[]>()
    cells.set(key[row], values)
    const writes = values.get(value[row])
    if (writes === undefined) values.set(value[row], [{ row, transaction }])
    else writes.push({ row, transaction })
  })
  return cells
}
