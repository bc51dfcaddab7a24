import { foundOrMade } from '@chaosproxy/history'
import { addTo } from '../../encoding/lists.ts'
import type { CellWrite, LockOrder } from '../granted/row-locks.ts'
import { ABORTED, COMMITTED, eachRow, type TransactionRecord, UNKNOWN, WRITE } from '../record/record.ts'
import { sumOf } from '../record/sum.ts'
import { INITIAL } from '../record/versions.ts'

// Computes the possible values of a cell's versions. A value is uncertain if the server added a number to a value that
// no answer shows.

/** Ids of possible values; undefined if any value is possible. */
export type Values = ReadonlySet<number> | undefined

/** The maximum number of possible values of a version; with more, any value counts as possible. */
const MOST_VALUES = 64

/** The maximum number of overlapping writes of which all orders are tried. */
const MOST_AT_ONCE = 6

/**
 * Returns, by position in `writes`, all values that the written version may hold, and perhaps further ones. Computes
 * the results of an addition from the possible values before it. If locks leave the order of some writes open, includes
 * the values of every possible order.
 *
 * @param pins by position in `writes`, or INITIAL: the value of a version that some read must have seen
 */
export function valuesAt(
  { history, status }: TransactionRecord,
  { writes }: LockOrder,
  pins: ReadonlyMap<number, number>,
): readonly Values[] {
  const first = pins.get(INITIAL)
  let now: Values = first === undefined ? undefined : new Set([first])
  const held: Values[] = []
  const after = ({ value, change }: CellWrite, place: number, before: Values): Values => {
    const known = pins.get(place) ?? (value === UNKNOWN ? undefined : value)
    if (known !== undefined) return new Set([known])
    if (change === undefined || before === undefined) return undefined
    const sums = new Set([...before].map((each) => sumOf(history, each, change)))
    return sums.has(UNKNOWN) ? undefined : sums
  }
  for (const { from, to } of blocksOf(writes)) {
    const block = writes.slice(from, to)
    if (block.length > MOST_AT_ONCE) {
      for (const [at, write] of block.entries()) held.push(after(write, from + at, undefined))
      now = undefined
      continue
    }
    const reached = new Map<number, Values>([[0, now]])
    const ofBlock = new Map<number, Values>()
    let end: { readonly values: Values } | undefined
    const must = block.reduce(
      (mask, { transaction }, at) => mask | (status[transaction] === COMMITTED ? 1 << at : 0),
      0,
    )
    for (let done = 0; done < 1 << block.length; done++) {
      const before = reached.get(done)
      block.forEach((write, at) => {
        if ((done & (1 << at)) !== 0) return
        const values = after(write, from + at, before)
        merge(ofBlock, at, values)
        merge(reached, done | (1 << at), values)
      })
      if ((done & must) === must) end = { values: end === undefined ? before : either(end.values, before) }
    }
    for (const at of block.keys()) held.push(ofBlock.get(at))
    now = end?.values
  }
  return held
}

function merge(all: Map<number, Values>, at: number, values: Values): void {
  all.set(at, all.has(at) ? either(all.get(at), values) : values)
}

function either(one: Values, other: Values): Values {
  if (one === undefined || other === undefined) return undefined
  const both = new Set([...one, ...other])
  return both.size > MOST_VALUES ? undefined : both
}

interface Block {
  readonly from: number
  readonly to: number
}

/**
 * Splits the writes of a cell into blocks of consecutive writes. The times of the writes of one block do not overlap
 * those of another block.
 */
function blocksOf(writes: readonly CellWrite[]): readonly Block[] {
  const { length } = writes
  const starts: number[] = []
  /**
   * By position, over this write and all later writes: the earliest time at which a lock was taken (`got`), at which a
   * lock was released (`sent`), and at which the transaction of a write without a lock began (`loose`).
   */
  const got = new Float64Array(length + 1).fill(Number.POSITIVE_INFINITY)
  const sent = got.slice()
  const loose = got.slice()
  for (let at = length - 1; at >= 0; at--) {
    const { lock, began } = writes[at]
    got[at] = Math.min(got[at + 1], lock?.from ?? Number.POSITIVE_INFINITY)
    sent[at] = Math.min(sent[at + 1], lock?.to ?? Number.POSITIVE_INFINITY)
    loose[at] = Math.min(loose[at + 1], lock === undefined ? began : Number.POSITIVE_INFINITY)
  }
  let [gotBy, sentBy, overBy] = [-1, -1, -1]
  writes.forEach(({ lock, acknowledged }, at) => {
    const isAfter = sent[at] > gotBy && sentBy <= got[at] && overBy < loose[at]
    if (at === 0 || isAfter) starts.push(at)
    gotBy = Math.max(gotBy, lock?.from ?? Number.POSITIVE_INFINITY)
    sentBy = Math.max(sentBy, lock?.to ?? Number.POSITIVE_INFINITY)
    overBy = Math.max(overBy, acknowledged)
  })
  return starts.map((from, at) => ({ from, to: starts[at + 1] ?? length }))
}

/**
 * Returns, by position, the value that each version has if the committed writes were made in this order; UNKNOWN if
 * this is not known. Computes values even if answers show them, so that callers can detect differences.
 */
export function valuesInOrder(
  { history }: TransactionRecord,
  { writes }: LockOrder,
  counts: Uint8Array,
  pins: ReadonlyMap<number, number>,
): readonly number[] {
  let now = pins.get(INITIAL) ?? UNKNOWN
  return writes.map(({ transaction, value, change }, place) => {
    const known = value === UNKNOWN ? (pins.get(place) ?? UNKNOWN) : value
    if (counts[transaction] === 0) return known
    const sum = change === undefined ? UNKNOWN : sumOf(history, now, change)
    now = sum === UNKNOWN ? known : sum
    return now
  })
}

export interface Seen {
  readonly place: number
  /** The value read; UNKNOWN if only a comparison is recorded. */
  readonly value: number
  readonly mayBe: (found: number) => boolean
}

/**
 * Reports whether the versions can have values that explain all these reads, if the counted transactions wrote in this
 * order.
 */
export function areExplained(
  { history }: TransactionRecord,
  { writes }: LockOrder,
  counts: Uint8Array,
  first: number,
  seen: readonly Seen[],
): boolean {
  /**
   * The value of a version is a base value plus the additions after it. A base is UNKNOWN until some read shows the
   * value of one of its versions.
   */
  const bases = [first]
  interface Version {
    readonly base: number
    readonly change: number
  }
  const versions = new Map<number, Version>()
  const is = ({ base, change }: Version, value: number): boolean => {
    if (bases[base] === UNKNOWN) {
      bases[base] = sumOf(history, value, -change)
      return true
    }
    const held = change === 0 ? bases[base] : sumOf(history, bases[base], change)
    return held === UNKNOWN || held === value
  }
  let last: Version = { base: 0, change: 0 }
  versions.set(INITIAL, last)
  for (const [place, { transaction, value, change }] of writes.entries()) {
    if (counts[transaction] === 0) continue
    last =
      change === undefined
        ? { base: bases.push(value) - 1, change: 0 }
        : { base: last.base, change: last.change + change }
    if (change !== undefined && value !== UNKNOWN && !is(last, value)) return false
    versions.set(place, last)
  }
  const isExact = ({ place, value }: Seen): boolean => {
    const version = versions.get(place)
    return version !== undefined && (value === UNKNOWN || is(version, value))
  }
  if (!seen.every(isExact)) return false
  // Checks comparisons last, because most values are known by then.
  const compared = new Map<number, Seen[]>()
  for (const each of seen) if (each.value === UNKNOWN) addTo(compared, versions.get(each.place)?.base ?? 0, each)
  const known = new Set([...writes, ...seen].flatMap(({ value }) => (value === UNKNOWN ? [] : [value])))
  return [...compared].every(([base, reads]) => {
    const fits = (value: number): boolean =>
      reads.every(({ place, mayBe }) => {
        const { change = 0 } = versions.get(place) ?? {}
        const held = change === 0 ? value : sumOf(history, value, change)
        return held !== UNKNOWN && mayBe(held)
      })
    if (bases[base] !== UNKNOWN) return fits(bases[base])
    return reads.length === 1 || [...known].some(fits)
  })
}

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
 * Explains reads of values that no committed version has, by writes of rolled-back transactions. Such a read proves
 * nothing if a concurrent transaction wrote the value that was read and later overwrote it. For example, if a
 * transaction deletes a row and inserts it again, PostgreSQL may show no row in between.
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
    const values = foundOrMade(cells, key[row], () => new Map<number, Write[]>())
    addTo(values, value[row], { row, transaction })
  })
  return cells
}
