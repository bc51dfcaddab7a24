import { float64Array, type History, int32Array, type Json, uint8Array, type ValueTable } from '@chaosproxy/history'
import { type Budget, lookAt, STEPS_BETWEEN_LOOKS, unlimited } from '../limits/budget.ts'

/** The return of an operation of unknown outcome: later than every event, so that it may take effect at any time. */
export const NEVER = 0x7fffffff

/** What an encoded operation does to the state. */
export const READ = 0
export const WRITE = 1
export const CAS = 2
/** A failed compare-and-set used as an observation: the value was not `expects`. */
export const DIFFERS = 3
export const APPEND = 4

/** In `expects`: the operation observes nothing. In `writes`: the operation writes nothing. */
export const NOTHING = -1

/**
 * Operations as integers, in order of invocation, without operations that constrain nothing (failed ones, and reads of
 * unknown outcome). Values are small dense integers, so that a search can index arrays by them.
 */
export interface Encoded {
  readonly length: number
  /** The row in the history's `Operations`. */
  readonly row: Int32Array
  readonly kind: Uint8Array
  /** READ: the value returned. CAS, DIFFERS: the old value. Otherwise NOTHING. */
  readonly expects: Int32Array
  /** WRITE: the value. CAS: the new value. APPEND: the piece. Otherwise NOTHING. */
  readonly writes: Int32Array
  /** Dense key number; 0 if the history has no keys. */
  readonly key: Int32Array
  /**
   * The client of each operation (see `clientsOf`). Computed on demand, because few checks need it; a function because
   * getters are slow (see `later`).
   */
  readonly clients: () => Int32Array
  /**
   * Whether the operations of each client count as executed in the order of their indices, even if their positions
   * overlap (see `History.isTied`). Checks of process order then also keep the real-time order between different
   * clients.
   */
  readonly isTied?: boolean | undefined
  /** Event positions. Operation a precedes operation b in real time if `returns[a] < calls[b]`. */
  readonly calls: Int32Array
  /** NEVER for an operation of unknown outcome. An order may omit such an operation. */
  readonly returns: Int32Array
  readonly initial: number
  /**
   * Whether each key may have held any value before its first write. No operation then mentions `initial`, and callers
   * try the possible initial values (see `startsOf`).
   */
  readonly anyStart: boolean
  /**
   * By key: the initial value, which replaces `initial`. Present only if values are texts and the initial values of
   * keys differ.
   */
  readonly startOf?: Int32Array | undefined
  /** The number of encoded values. They are the numbers from 0 to `values` - 1. */
  readonly values: number
  /** By encoded value (an index from 0 to `values` - 1): the id of the value in `table`. */
  readonly names: Int32Array
  readonly table: ValueTable
  readonly keys: number
  /** Whether some operation is a CAS, DIFFERS or APPEND, which some fast paths cannot handle. */
  readonly hasConditional: boolean
  readonly hasAppend: boolean
}

/** Translates encoded numbers to keys and values of the history. */
export interface Decoder {
  readonly history: History
  readonly value: (name: number) => Json
  readonly keyName: (key: number) => string | undefined
  /** The number of the key in the history; -1 if there is no key. */
  readonly keyNumber: (key: number) => number
}

/** The operations at `indices` (ascending), as a separate history. Positions are kept. @throws OutOfTime */
export function restrict(
  encoded: Encoded,
  indices: readonly number[] | Int32Array,
  budget: Budget = unlimited,
): Encoded {
  const kind = uint8Array(indices.length)
  let hasConditional = false
  let hasAppend = false
  for (let i = 0; i < kind.length; i++) {
    const k = encoded.kind[indices[i]]
    kind[i] = k
    if (k === CAS || k === DIFFERS) hasConditional = true
    else if (k === APPEND) hasAppend = true
  }
  const chosen = (column: Int32Array): Int32Array => {
    if (indices.length > STEPS_BETWEEN_LOOKS) budget.look(indices.length)
    return gathered(column, indices)
  }
  return {
    ...encoded,
    length: indices.length,
    row: chosen(encoded.row),
    kind,
    expects: chosen(encoded.expects),
    writes: chosen(encoded.writes),
    key: chosen(encoded.key),
    clients: later(() => gathered(encoded.clients(), indices)),
    calls: chosen(encoded.calls),
    returns: chosen(encoded.returns),
    hasConditional,
    hasAppend,
  }
}

/**
 * Returns a function that computes a value once. A getter would give each object literal a hidden class of its own,
 * which is slow and keeps memory until a full garbage collection.
 */
export function later<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

export function gathered(column: Int32Array, indices: ArrayLike<number>): Int32Array {
  const some = int32Array(indices.length)
  for (let i = 0; i < some.length; i++) some[i] = column[indices[i]]
  return some
}

/**
 * Returns the history up to the event at `position`, without observations that are still open. Other open operations
 * become optional.
 */
export function prefix(encoded: Encoded, position: number, budget: Budget = unlimited): Encoded {
  const kept: number[] = []
  for (let i = 0; i < encoded.length && encoded.calls[i] <= position; i++) {
    budget.tick()
    const observes = encoded.kind[i] === READ || encoded.kind[i] === DIFFERS
    if (encoded.returns[i] <= position || !observes) kept.push(i)
  }
  const cut = restrict(encoded, kept, budget)
  for (let i = 0; i < cut.length; i++) if (cut.returns[i] > position) cut.returns[i] = NEVER
  return cut
}

/**
 * Renumbers events and values from 0 without gaps, so that they can index tables. With `scratch`, values are renumbered
 * without a hash table. `scratch` must hold a zero for each value, and holds zeros again afterwards.
 *
 * @throws OutOfTime
 */
export function compact(encoded: Encoded, budget: Budget = unlimited, scratch?: Int32Array): Encoded {
  const { length, calls, returns } = encoded
  if (length === 0) return encoded
  let last = -1
  let least = NEVER
  for (let i = 0; i < length; i++) {
    lookAt(i, budget)
    if (calls[i] > last) last = calls[i]
    if (calls[i] < least) least = calls[i]
    if (returns[i] !== NEVER && returns[i] > last) last = returns[i]
  }
  const newCalls = int32Array(length)
  const newReturns = int32Array(length).fill(NEVER)
  if (last - least < 16 * length + 64) {
    const owner = int32Array(last - least + 1)
    for (let i = 0; i < length; i++) {
      lookAt(i, budget)
      owner[calls[i] - least] = i + 1
      if (returns[i] !== NEVER) owner[returns[i] - least] = -(i + 1)
    }
    let rank = 0
    for (let position = 0; position < owner.length; position++) {
      lookAt(position, budget)
      const o = owner[position]
      if (o > 0) newCalls[o - 1] = rank++
      else if (o < 0) newReturns[-o - 1] = rank++
    }
  } else {
    // For few operations, sorting their events is faster than visiting all positions.
    const events = eventsSorted(encoded)
    for (let rank = 0; rank < events.length; rank++) {
      const event = events[rank]
      if ((event & 1) === 0) newCalls[event >> 1] = rank
      else newReturns[event >> 1] = rank
    }
  }
  return compactValues({ ...encoded, calls: newCalls, returns: newReturns }, scratch)
}

/** The events in order of time: 2 * i for the call of i, 2 * i + 1 for its return. */
export function eventsSorted({ length, calls, returns }: Pick<Encoded, 'length' | 'calls' | 'returns'>): Int32Array {
  const keys = float64Array(2 * length)
  let count = 0
  // A key consists of the position and of the number of the event, so that sorting the keys sorts the events by
  // position. 2^31 positions and 2^20 operations fit the 53 bits of a double.
  for (let i = 0; i < length; i++) {
    keys[count++] = calls[i] * 2 * length + 2 * i
    if (returns[i] !== NEVER) keys[count++] = returns[i] * 2 * length + 2 * i + 1
  }
  const sorted = keys.subarray(0, count).sort()
  return Int32Array.from(sorted, (key) => key % (2 * length))
}

function compactValues(encoded: Encoded, scratch: Int32Array | undefined): Encoded {
  if (encoded.values <= 2 * encoded.length + 1) return encoded
  if (scratch !== undefined) {
    const expects = encoded.expects.slice(0, encoded.length)
    const writes = encoded.writes.slice(0, encoded.length)
    const names = renumber({ expects, writes, initial: encoded.initial, names: encoded.names }, scratch)
    return { ...encoded, expects, writes, initial: 0, values: names.length, names }
  }
  const numbers = new Map<number, number>()
  const names: number[] = []
  const numberOf = (value: number): number => {
    if (value === NOTHING) return NOTHING
    const known = numbers.get(value)
    if (known !== undefined) return known
    numbers.set(value, names.length)
    return names.push(encoded.names[value]) - 1
  }
  return {
    ...encoded,
    initial: numberOf(encoded.initial),
    expects: encoded.expects.map(numberOf),
    writes: encoded.writes.map(numberOf),
    values: names.length,
    names: Int32Array.from(names),
  }
}

/**
 * Renumbers the values in place. The initial value becomes 0. Returns the old name of each new number. `scratch` must
 * hold a zero for each value, and holds zeros again afterwards.
 */
export function renumber(
  { expects, writes, initial, names }: Pick<Encoded, 'expects' | 'writes' | 'initial' | 'names'>,
  scratch: Int32Array,
): Int32Array {
  const values = int32Array(2 * expects.length + 1)
  values[0] = initial
  let count = 1
  scratch[initial] = 1
  const numberOf = (value: number): number => {
    if (value === NOTHING) return NOTHING
    if (scratch[value] === 0) {
      values[count++] = value
      scratch[value] = count
    }
    return scratch[value] - 1
  }
  for (let i = 0; i < expects.length; i++) {
    expects[i] = numberOf(expects[i])
    writes[i] = numberOf(writes[i])
  }
  const kept = int32Array(count)
  for (let n = 0; n < count; n++) {
    scratch[values[n]] = 0
    kept[n] = names[values[n]]
  }
  return kept
}
