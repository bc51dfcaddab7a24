import {
  elementsOf,
  FAIL,
  FLAG_NO_RESULT,
  functionOf,
  type History,
  INFO,
  type Json,
  OK,
  outputOf,
  type UserError,
  type ValueId,
} from '@chaosproxy/history'
import { firstOfClient } from '../../encoding/clients.ts'
import { eventsSorted, NEVER } from '../../encoding/encoded.ts'
import { UNJUDGED, unknownFunction, wrongAt } from '../../encoding/operation-row.ts'
import type { ObjectOperation } from '../../judge/model.ts'
import { type Budget, unlimited } from '../../limits/budget.ts'
import { type Contents, createContents } from './elements.ts'

/**
 * The operations on one object, in order of invocation, without those that constrain nothing: failed ones, and reads of
 * unknown outcome. Several may represent one row of the history.
 */
export interface Part {
  readonly history: History
  /** The contents that reads returned, shared by all parts of a history. */
  readonly contents: Contents
  /** The object's name, if the history names objects. */
  readonly key: string | undefined
  readonly length: number
  readonly row: Int32Array
  /** The number of the operation's function (see `Functions.numberOf`). */
  readonly f: Uint8Array
  /** Ids in the history's value table. The output of an operation of unknown outcome is meaningless. */
  readonly input: Int32Array
  readonly output: Int32Array
  /** The requesting process; for a client with several processes, its first one. */
  readonly process: Int32Array
  /** Event positions. `returns` is NEVER for an operation of unknown outcome, which an order may omit. */
  readonly calls: Int32Array
  readonly returns: Int32Array
}

/** The operations of an object, by their `f`, and which of them never change it. */
export interface Functions {
  readonly model: string
  readonly numberOf: (f: string) => number | undefined
  /** The names of the known operations, for error messages. */
  readonly known: readonly string[]
  readonly isRead: (number: number) => boolean
  /** Whether an operation may complete without a result: any result then fits. */
  readonly mayLackResult?: ((number: number) => boolean) | undefined
  readonly expands?: Expansion | undefined
}

/** An operation that stands for several, such as a drain: one for each returned item, and one that found nothing. */
export interface Expansion {
  readonly from: number
  readonly to: number
  readonly itemsAtFirst: number
}

/**
 * The parts of a history by key.
 *
 * @throws UserError for an operation that the model does not know.
 * @throws OutOfTime
 */
export function partsOf(
  history: History,
  functions: Functions,
  budget: Budget = unlimited,
  contents: Contents = createContents(history),
): readonly Part[] {
  const { operations } = history
  const numbers = history.functions.map((f) => functions.numberOf(f) ?? UNKNOWN)
  const members: number[][] = Array.from({ length: history.keys.length + 1 }, () => [])
  for (let i = 0; i < operations.length; i++) {
    budget.tick()
    const number = numbers[operations.f[i]]
    if (number === UNKNOWN) throw unknownFunction(history, i, functions)
    if (operations.outcome[i] === FAIL || operations.outcome[i] === UNJUDGED) continue
    if (operations.outcome[i] === INFO && functions.isRead(number)) continue
    members[operations.key[i] + 1].push(i)
  }
  return members.flatMap((rows, key) =>
    rows.length === 0
      ? []
      : [partOf(history, { rows, numbers, functions, key: history.keys[key - 1], contents }, budget)],
  )
}

const UNKNOWN = -1

interface Choice {
  readonly rows: readonly number[]
  readonly numbers: readonly number[]
  readonly functions: Functions
  readonly key: string | undefined
  readonly contents: Contents
}

function partOf(history: History, { rows, numbers, functions, key, contents }: Choice, budget: Budget): Part {
  const { operations } = history
  const { expands, mayLackResult } = functions
  const row: number[] = []
  const f: number[] = []
  const output: number[] = []
  let isOpenEnded = false
  for (const i of rows) {
    budget.tick()
    const number = numbers[operations.f[i]]
    if (expands === undefined || number !== expands.from) {
      row.push(i)
      f.push(number)
      const isLacking = (operations.flags[i] & FLAG_NO_RESULT) !== 0 && mayLackResult?.(number) === true
      output.push(isLacking ? NO_OUTPUT : operations.output[i])
      continue
    }
    for (const item of operations.outcome[i] === INFO ? [] : itemsOf(history, i)) {
      budget.tick()
      row.push(i)
      f.push(expands.to)
      output.push(history.values.id(item))
    }
    if (operations.outcome[i] === OK) {
      row.push(i)
      f.push(expands.to)
      output.push(history.values.id(null))
    }
    if (operations.outcome[i] !== INFO || isOpenEnded) continue
    // An operation of unknown outcome may have taken any number of items. One such operation is enough, because it can
    // also take the items of all later ones.
    isOpenEnded = true
    for (let left = mostItems(history, rows, numbers, expands); left > 0; left--) {
      row.push(i)
      f.push(expands.to)
      output.push(operations.output[i])
    }
  }
  const column = (entry: (i: number) => number): Int32Array => columnOf(row, entry, budget)
  const clientOf = firstOfClient(history)
  return {
    history,
    contents,
    key,
    length: row.length,
    row: Int32Array.from(row),
    f: Uint8Array.from(f),
    input: column((i) => operations.input[i]),
    output: Int32Array.from(output),
    process: column((i) => clientOf(operations.process[i])),
    calls: column((i) => operations.callEvent[i]),
    returns: column((i) => (operations.outcome[i] === INFO ? NEVER : operations.returnEvent[i])),
  }
}

/** @throws UserError if the operation returned no list, because the items that it took are then unknown. */
function itemsOf(history: History, row: number): readonly Json[] {
  const value = outputOf(history, row)
  const items = elementsOf(value)
  if (items !== undefined) return items
  const name = functionOf(history, row)
  throw wrongAt(
    history,
    row,
    `a ${name} must return a list ([] if nothing was left), not ${JSON.stringify(value)}. Choose the right model with --model, or record the messages that this ${name} took.`,
  )
}

function columnOf(indices: readonly number[], entry: (i: number) => number, budget: Budget): Int32Array {
  const column = new Int32Array(indices.length)
  for (let at = 0; at < column.length; at++) {
    budget.tick()
    column[at] = entry(indices[at])
  }
  return column
}

/** The maximum number of items that can have existed. */
function mostItems(
  { operations }: History,
  rows: readonly number[],
  numbers: readonly number[],
  { from, to, itemsAtFirst }: Expansion,
): number {
  const adds = (number: number): boolean => number !== from && number !== to
  return itemsAtFirst + rows.filter((i) => adds(numbers[operations.f[i]])).length
}

/** Returns the operations at `indices` (ascending) as a part. Keeps their event positions. @throws OutOfTime */
export function choose(part: Part, indices: readonly number[], budget: Budget = unlimited): Part {
  const ints = (column: Int32Array): Int32Array => columnOf(indices, (i) => column[i], budget)
  return {
    ...part,
    length: indices.length,
    row: ints(part.row),
    f: Uint8Array.from(indices, (i) => part.f[i]),
    input: ints(part.input),
    output: ints(part.output),
    process: ints(part.process),
    calls: ints(part.calls),
    returns: ints(part.returns),
  }
}

/** The output of an operation whose result is ignored. No value has this id. */
export const NO_OUTPUT = -4

/** Reports whether an operation's result is unknown or ignored. */
export const isSilent = (part: Part, i: number): boolean => part.returns[i] === NEVER || part.output[i] === NO_OUTPUT

export const jsonOf = (part: Part, id: number): Json => part.history.values.json(id as ValueId)

export function operationAt(part: Part, i: number): ObjectOperation {
  const { history } = part
  return {
    f: functionOf(history, part.row[i]),
    value: jsonOf(part, part.input[i]),
    process: history.processName(part.process[i]),
    output: isSilent(part, i) ? undefined : jsonOf(part, part.output[i]),
  }
}

/** The events in order of time: 2 * i for the call of i, 2 * i + 1 for its return. */
export function eventsInOrder(part: Pick<Part, 'length' | 'calls' | 'returns'>, budget: Budget): Int32Array {
  const { length, calls, returns } = part
  let last = -1
  for (let i = 0; i < length; i++) {
    budget.tick()
    last = Math.max(last, calls[i], returns[i] === NEVER ? -1 : returns[i])
  }
  return last < EVENTS_PER_SORTED * length ? eventsByPosition(part, last, budget) : eventsSorted(part)
}

/** Above this number of event positions per operation, sorting events is faster than a table. */
const EVENTS_PER_SORTED = 64

function eventsByPosition(
  { length, calls, returns }: Pick<Part, 'length' | 'calls' | 'returns'>,
  last: number,
  budget: Budget,
): Int32Array {
  // Event 2 * i is the call of operation i, and event 2 * i + 1 is its return. Several events may have the same
  // position, because operations of one row have equal calls and equal returns. The events of a position form a linked
  // list: `firstAt` holds the first event by position, and `after` holds the next event by event. Both store an event
  // as its number plus 1, so that 0 stands for no event.
  const firstAt = new Int32Array(last + 1)
  const after = new Int32Array(2 * length)
  let count = 0
  const put = (position: number, event: number): void => {
    after[event] = firstAt[position]
    firstAt[position] = event + 1
    count++
  }
  for (let i = length - 1; i >= 0; i--) {
    budget.tick()
    if (returns[i] !== NEVER) put(returns[i], 2 * i + 1)
    put(calls[i], 2 * i)
  }
  const events = new Int32Array(count)
  let at = 0
  for (let position = 0; position <= last; position++) {
    budget.tick()
    for (let event = firstAt[position]; event !== 0; event = after[event - 1]) events[at++] = event - 1
  }
  return events
}

export function badOperation(part: Part, i: number, complaint: string): UserError {
  return wrongAt(part.history, part.row[i], complaint)
}

/** Returns the result of `ask`. If `ask` throws, throws an error that names the operation. */
export function orBadOperation<Result>(part: Part, i: number, ask: () => Result): Result {
  try {
    return ask()
  } catch (error) {
    throw badOperation(part, i, `${(error as Error).message}.`)
  }
}
