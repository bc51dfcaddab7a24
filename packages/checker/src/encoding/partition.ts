import { int32Array, uint8Array } from '@chaosproxy/history'
import { type Budget, lookAt, STEPS_BETWEEN_LOOKS, unlimited } from '../limits/budget.ts'
import { APPEND, CAS, compact, DIFFERS, type Encoded, later, NEVER, renumber, restrict } from './encoded.ts'

/** Splits a history into one compact history for each key (see `compact`). @throws OutOfTime */
export const partition = (encoded: Encoded, budget: Budget = unlimited): readonly Encoded[] => [
  ...partsInTurn(encoded, budget),
]

/**
 * Yields the parts of `partition` in turn, because objects for many keys need much memory.
 *
 * @throws OutOfTime
 */
export function* partsInTurn(encoded: Encoded, budget: Budget): Generator<Encoded> {
  if (encoded.keys === 1) {
    yield compact(encoded, budget)
    return
  }
  const { at, starts } = separated(encoded, budget)
  let sinceLook = 0
  for (let k = 0; k < encoded.keys; k++) {
    sinceLook += starts[k + 1] - starts[k] + OPERATIONS_FOR_A_KEY
    if (sinceLook > STEPS_BETWEEN_LOOKS) {
      budget.look(sinceLook)
      sinceLook = 0
    }
    yield at(k)
  }
}

/** Bytes that `partsInTurn` needs for each operation. */
export const BYTES_PER_SEPARATED = 40

/** Access to the operations of each key. Histories are built on request, because very many do not fit into memory. */
export interface Separated {
  /** Call only once for each key, because the values of its history are renumbered in place. */
  readonly at: (key: number) => Encoded
  /** By key: the index of its first operation in the shared columns; a last entry marks the end. */
  readonly starts: Int32Array
  /** The shared columns, with the original values; undefined if event positions have large gaps. */
  readonly columns: Encoded | undefined
}

/** @throws OutOfTime */
export function separated(encoded: Encoded, budget: Budget): Separated {
  const { length, key, keys, calls, returns } = encoded
  const starts = int32Array(keys + 1)
  let last = -1
  for (let i = 0; i < length; i++) {
    starts[key[i] + 1]++
    if (calls[i] > last) last = calls[i]
    if (returns[i] > last && returns[i] !== NEVER) last = returns[i]
  }
  for (let k = 0; k < keys; k++) starts[k + 1] += starts[k]
  const scratch = int32Array(encoded.values)
  if (last > 16 * length + 1024) return { starts, columns: undefined, at: sparseKeys(encoded, starts, scratch, budget) }
  const columns = columnsByKey(encoded, starts, last, budget)
  return { starts, columns, at: (k) => slice(columns, starts[k], starts[k + 1], scratch) }
}

/** The fixed cost of a key, as a number of operations. */
const OPERATIONS_FOR_A_KEY = 16

/**
 * Sorts the operations by key into shared columns. The pass reads sequentially and scatters its writes, because
 * scattered reads would wait for memory.
 */
function columnsByKey(encoded: Encoded, starts: Int32Array, lastEvent: number, budget: Budget): Encoded {
  const { length, keys, row, kind, expects, writes, key, calls, returns } = encoded
  const place = int32Array(length)
  const sortedRow = int32Array(length)
  const sortedKind = uint8Array(length)
  const sortedExpects = int32Array(length)
  const sortedWrites = int32Array(length)
  const sortedKey = int32Array(length)
  // By event: i + 1 for the call of operation i, length + i + 1 for its return.
  const owner = int32Array(lastEvent + 1)
  const next = starts.slice(0, keys)
  for (let i = 0; i < length; i++) {
    lookAt(i, budget)
    const k = key[i]
    const p = next[k]++
    place[i] = p
    sortedRow[p] = row[i]
    sortedKind[p] = kind[i]
    sortedExpects[p] = expects[i]
    sortedWrites[p] = writes[i]
    sortedKey[p] = k
    owner[calls[i]] = i + 1
    if (returns[i] !== NEVER) owner[returns[i]] = length + i + 1
  }
  // The first half holds calls, and the second half holds returns. In the history, calls and returns alternate
  // unpredictably, so the loop avoids a branch.
  const positions = int32Array(2 * length).fill(NEVER, length)
  const ranks = int32Array(keys)
  for (let event = 0; event <= lastEvent; event++) {
    lookAt(event, budget)
    const o = owner[event]
    if (o === 0) continue
    const offset = length & ((length - o) >> 31)
    const i = o - 1 - offset
    positions[place[i] + offset] = ranks[key[i]]++
  }
  return {
    length,
    row: sortedRow,
    kind: sortedKind,
    expects: sortedExpects,
    writes: sortedWrites,
    key: sortedKey,
    clients: later(() => scattered(encoded.clients(), place)),
    calls: positions.subarray(0, length),
    returns: positions.subarray(length),
    initial: encoded.initial,
    anyStart: encoded.anyStart,
    values: encoded.values,
    names: encoded.names,
    table: encoded.table,
    keys,
    hasConditional: encoded.hasConditional,
    hasAppend: encoded.hasAppend,
  }
}

function scattered(column: Int32Array, place: Int32Array): Int32Array {
  const some = int32Array(place.length)
  for (let i = 0; i < some.length; i++) some[place[i]] = column[i]
  return some
}

function sparseKeys(
  encoded: Encoded,
  starts: Int32Array,
  scratch: Int32Array,
  budget: Budget,
): (key: number) => Encoded {
  const members = int32Array(encoded.length)
  const next = starts.slice(0, encoded.keys)
  for (let i = 0; i < encoded.length; i++) members[next[encoded.key[i]]++] = i
  return (k) => {
    budget.tick()
    return compact(restrict(encoded, members.subarray(starts[k], starts[k + 1])), budget, scratch)
  }
}

/** A range of operations in the shared columns; their values are renumbered in place. */
function slice(columns: Encoded, from: number, to: number, scratch: Int32Array): Encoded {
  const kind = columns.kind.subarray(from, to)
  const expects = columns.expects.subarray(from, to)
  const writes = columns.writes.subarray(from, to)
  const names = renumber({ expects, writes, initial: columns.initial, names: columns.names }, scratch)
  return {
    length: to - from,
    row: columns.row.subarray(from, to),
    kind,
    expects,
    writes,
    key: columns.key.subarray(from, to),
    clients: () => columns.clients().subarray(from, to),
    calls: columns.calls.subarray(from, to),
    returns: columns.returns.subarray(from, to),
    initial: 0,
    anyStart: columns.anyStart,
    values: names.length,
    names,
    table: columns.table,
    keys: columns.keys,
    hasConditional: columns.hasConditional && (kind.includes(CAS) || kind.includes(DIFFERS)),
    hasAppend: columns.hasAppend && kind.includes(APPEND),
  }
}
