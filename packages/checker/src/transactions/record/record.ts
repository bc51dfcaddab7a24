import {
  FAIL,
  FLAG_NO_RESULT,
  type History,
  type Json,
  NO_MICRO_VALUE,
  NULL,
  OK,
  type UserError,
  type ValueId,
  ValueTable,
} from '@chaosproxy/history'
import { NEVER } from '../../encoding/encoded.ts'
import { wrongAt } from '../../encoding/operation-row.ts'
import { firstWhere } from '../../search/halving.ts'
import { NO_LIST, type ReadLists, readLists } from './read-lists.ts'

export const COMMITTED = 0
export const ABORTED = 1
/** May have committed. */
export const UNANSWERED = 2

export const READ = 0
export const APPEND = 1
export const WRITE = 2
/** Adds a number to a register, as `SET n = n + 1` does; the server reads and writes in one step. */
export const ADD = 3

/** Stands for an unknown value or list. No value of a history has this id. */
export const UNKNOWN = NO_MICRO_VALUE

/**
 * The transactions of a history as columns. Transaction t is operation t of the history. The history holds its process,
 * times and lines. Micro-operations are separate rows, in order.
 */
export interface TransactionRecord {
  readonly history: History
  readonly length: number
  readonly status: Uint8Array
  /** By transaction: the number of its client, or -1 if it is unknown. */
  readonly session: Int32Array
  /**
   * By transaction: the event position of its invocation. Transaction a precedes b in real time if `completed[a] <
   * invoked[b]`.
   */
  readonly invoked: Int32Array
  /** By transaction: the event position of its completion; NEVER unless the completion reports a commit. */
  readonly completed: Int32Array
  /**
   * Whether the transactions of a process count as executed in the order of their rows, even if they overlap (see
   * `History.isTied`). Sessions are then processes.
   */
  readonly isTied: boolean
  /** The micro-operations of transaction t are rows starts[t] to starts[t + 1] - 1. */
  readonly starts: Int32Array
  readonly kind: Uint8Array
  readonly key: Int32Array
  /**
   * By micro-operation: the id of the value written, read or added; for lists see `list`. UNKNOWN for a value that was
   * not recorded, and for a read that does not count, such as a read of a transaction that did not commit.
   */
  readonly value: Int32Array
  /**
   * Describes reads of which only the result of a comparison was recorded. By row of the read: a function that reports
   * whether the read may have returned the value with a given id. Other reads of unrecorded values have no entry, and
   * may have returned any value.
   */
  readonly mayFind: ReadonlyMap<number, (value: number) => boolean>
  /** By micro-operation: the list that it read, as a row of `lists`; NO_LIST if it read no list. */
  readonly list: Int32Array
  readonly lists: ReadLists
  /** By key: its name, as an id in `history.values`. */
  readonly keys: Int32Array
}

/** By transaction: 1 if it certainly committed, otherwise 0. */
export const committed = ({ status }: TransactionRecord): Uint8Array =>
  Uint8Array.from(status, (each) => (each === COMMITTED ? 1 : 0))

const kinds: { readonly [name: string]: number } = {
  r: READ,
  read: READ,
  append: APPEND,
  w: WRITE,
  write: WRITE,
  add: ADD,
}

/**
 * Matches the name of a read of which only the result of a comparison was recorded. In a name with `r!`, the comparison
 * is false or null.
 */
const COMPARED = /^r(!?)(=|<>|<=|<|>=|>)$/

function mayFind(kind: string, found: Json, given: Json): boolean {
  const [, not = '', comparison = ''] = COMPARED.exec(kind) ?? []
  const isTrue = isTrueOf(comparison, found, given)
  return isTrue === undefined || isTrue === (not === '')
}

/** Evaluates a comparison. A comparison with null is not true. Undefined if only the server knows the order. */
function isTrueOf(comparison: string, found: Json, given: Json): boolean | undefined {
  if (found === null || given === null) return false
  if (found === given) return comparison.endsWith('=')
  if (typeof found !== 'number' || typeof given !== 'number') return undefined
  return (
    comparison === '<>' || (comparison.startsWith('<') ? found < given : comparison.startsWith('>') && found > given)
  )
}

/** Removes the colon from a name that EDN wrote as a keyword. */
const plainName = (name: string): string => (name.startsWith(':') ? name.slice(1) : name)

/** Returns the kind of a micro-operation by its name. */
export const microKind = (name: string): number | undefined => {
  const plain = plainName(name)
  if (COMPARED.test(plain)) return READ
  return Object.hasOwn(kinds, plain) ? kinds[plain] : undefined
}

/**
 * Reads the transactions of a history. With `areLists`, reads return lists, and null is the empty list; otherwise reads
 * return values of registers.
 *
 * @throws UserError for a value that is not a list of micro-operations, or for a micro-operation of another kind.
 */
export function readTransactions(history: History, areLists: boolean): TransactionRecord {
  const { operations, values } = history
  const { length, outcome, process, callEvent, returnEvent, input, output, flags } = operations
  const micro = values.microOperations()
  const names = (micro?.kinds ?? []).map(plainName)
  const kindOf = names.map((name) => microKind(name) ?? -1)
  const isComparison = names.map((name) => COMPARED.test(name))
  const status = new Uint8Array(length)
  const session = new Int32Array(length)
  const isTied = history.isTied === true
  const completed = new Int32Array(length).fill(NEVER)
  const starts = new Int32Array(length + 1)
  const from = new Int32Array(length)
  let rows = 0
  /**
   * Whether an answer shows what was read. If the answer has no value, the transaction is known only from its
   * invocation.
   */
  const hasResult = (t: number): boolean => outcome[t] === OK && output[t] !== NULL && (flags[t] & FLAG_NO_RESULT) === 0
  for (let t = 0; t < length; t++) {
    const isCommitted = outcome[t] === OK
    status[t] = isCommitted ? COMMITTED : outcome[t] === FAIL ? ABORTED : UNANSWERED
    session[t] = history.hasSessions && !isTied ? history.sessionOf(process[t]) : process[t]
    if (isCommitted) completed[t] = returnEvent[t]
    const transactionId = hasResult(t) ? output[t] : input[t]
    const range = values.microRange(transactionId)
    if (range === undefined && !isEmpty(history, transactionId)) throw noTransaction(history, t)
    starts[t] = rows
    from[t] = range?.from ?? 0
    rows += range === undefined ? 0 : range.to - range.from
  }
  starts[length] = rows
  const columns = {
    kind: new Uint8Array(rows),
    key: new Int32Array(rows),
    value: new Int32Array(rows).fill(UNKNOWN),
    list: new Int32Array(rows).fill(NO_LIST),
  }
  const keys = new KeyNumbers()
  const bounds = new Map<number, (value: number) => boolean>()
  // Elle reads a missing value, such as that of [:r :x], as nil, which is an empty list.
  const isNil = areLists && history.format === 'edn'
  for (let t = 0; t < length && micro !== undefined; t++) {
    const areReadsKnown = hasResult(t)
    for (let row = starts[t], at = from[t]; row < starts[t + 1]; row++, at++) {
      const kind = kindOf[micro.kind[at]]
      const isCompared = isComparison[micro.kind[at]]
      // Additions and comparisons are allowed only in a history with notes of a recorder. Without these notes, the
      // order of additions is unknown, and so is what a comparison may have found.
      if (kind < 0 || ((kind === ADD || isCompared) && history.transactionNotes === undefined))
        throw otherKind(history, t, names[micro.kind[at]])
      if (kind === (areLists ? WRITE : APPEND) || (areLists && kind === ADD)) throw ofOtherModel(history, t, areLists)
      const recorded = micro.value[at]
      const value = isNil && kind === READ && recorded === NO_MICRO_VALUE ? NULL : recorded
      if (kind === APPEND && value === NO_MICRO_VALUE) throw nothingAppended(history, t, micro.key[at])
      columns.kind[row] = kind
      columns.key[row] = keys.numberOf(micro.key[at])
      if (kind === READ && (!areReadsKnown || value === NO_MICRO_VALUE)) continue
      if (isCompared) {
        const given = values.json(value as ValueId)
        const name = names[micro.kind[at]]
        bounds.set(row, (id) => mayFind(name, values.json(id as ValueId), given))
      } else columns.value[row] = value
      if (kind !== READ || !areLists) continue
      columns.list[row] = ValueTable.listOf(columns.value[row])
      if (columns.list[row] < 0 && columns.value[row] !== 0) throw noList(history, t, columns.value[row])
    }
  }
  const lists = readLists(areLists ? values.lists() : undefined, keys.count, (id) => keys.known(id))
  if (areLists)
    for (let row = 0; row < rows; row++)
      if (columns.value[row] === 0 && columns.kind[row] === READ) columns.list[row] = lists.empty[columns.key[row]]
  return {
    ...{ history, length, status, session, invoked: callEvent, completed, isTied, starts },
    ...columns,
    mayFind: bounds,
    lists,
    keys: keys.ids(),
  }
}

/** Visits all micro-operations, with their transactions. */
export function eachRow({ starts, length }: TransactionRecord, visit: (row: number, t: number) => void): void {
  for (let t = 0; t < length; t++) for (let row = starts[t]; row < starts[t + 1]; row++) visit(row, t)
}

export const transactionOf = ({ starts, length }: TransactionRecord, micro: number): number =>
  firstWhere(1, length, (t) => starts[t] > micro) - 1

/**
 * Reports whether a value is null or an empty list. Such a value has no rows in the history's table of
 * micro-operations.
 */
const isEmpty = (history: History, id: number): boolean => {
  const value = history.values.json(id as ValueId)
  return value === null || (Array.isArray(value) && value.length === 0)
}

/** Numbers keys from 0 in order of appearance. */
class KeyNumbers {
  readonly #numbers = new Map<number, number>()
  #lastId = UNKNOWN
  #last = 0

  numberOf(id: number): number {
    if (id === this.#lastId) return this.#last
    let number = this.#numbers.get(id)
    if (number === undefined) {
      number = this.#numbers.size
      this.#numbers.set(id, number)
    }
    this.#lastId = id
    this.#last = number
    return number
  }

  known(id: number): number {
    return this.#numbers.get(id) ?? -1
  }

  get count(): number {
    return this.#numbers.size
  }

  ids(): Int32Array {
    return Int32Array.from(this.#numbers.keys())
  }
}

const noTransaction = (history: History, row: number): UserError =>
  wrongAt(
    history,
    row,
    `the value of this transaction is not a list of micro-operations. Write a list, such as [["append","x",1],["r","y",null]].`,
  )

const otherKind = (history: History, row: number, kind: string | undefined): UserError =>
  wrongAt(
    history,
    row,
    `a micro-operation is a read ("r"), an append ("append") or a write ("w"), not ${JSON.stringify(kind ?? '')}.`,
  )

const nothingAppended = (history: History, row: number, key: number): UserError =>
  wrongAt(
    history,
    row,
    `this append to ${JSON.stringify(history.values.json(key as ValueId))} has no value. Write ["append",KEY,VALUE].`,
  )

const ofOtherModel = (history: History, row: number, areLists: boolean): UserError =>
  wrongAt(
    history,
    row,
    `${areLists ? 'this transaction changes a register, and list-append has only lists' : 'this transaction appends to a list, and rw-register has only registers'}. Check ${areLists ? 'registers with --model rw-register' : 'lists with --model list-append'}. If the history has both, split it by key.`,
  )

const noList = (history: History, row: number, value: number): UserError =>
  wrongAt(
    history,
    row,
    `a read of a list returns a list or null, not ${JSON.stringify(history.values.json(value as ValueId))}. If the keys hold single values, check with --model rw-register.`,
  )
