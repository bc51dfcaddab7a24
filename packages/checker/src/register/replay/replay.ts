import { int32Array, type Json, uint8Array } from '@chaosproxy/history'
import { APPEND, CAS, DIFFERS, type Encoded, NEVER, READ, WRITE } from '../../encoding/encoded.ts'
import { UNMENTIONED } from '../../encoding/unknown-start.ts'
import { appendText } from './appends.ts'

/** The order of the recorded operations that a witness must preserve. */
export type OrderRule = 'real time' | 'process order'

/**
 * Describes what is wrong with a witness, if anything. Checks that every mandatory operation occurs once, is legal at
 * its place, and respects the order rule. Shares no code with the algorithms that find witnesses.
 */
export function faultOfWitness(
  encoded: Encoded,
  order: Int32Array,
  rule: OrderRule,
  jsonOf: (name: number) => Json,
): string | undefined {
  if (encoded.keys === 1 && rule === 'real time') return faultOnOneKey(encoded, order, jsonOf)
  return faultOfReplay(encoded, order, rule, jsonOf, { keys: encoded.keys, key: encoded.key })
}

/**
 * Describes what is wrong, if anything, with a witness for the operations of one key, under the rule `real time`. The
 * number of this key need not be 0.
 */
export function faultOnOneKey(part: Encoded, order: Int32Array, jsonOf: (name: number) => Json): string | undefined {
  if (part.hasAppend) return faultOfReplay(part, order, 'real time', jsonOf, { keys: 1, key: int32Array(part.length) })
  return isRightOnOneKey(part, order) ? undefined : faultOfNumbers(part, order)
}

function faultOfReplay(
  encoded: Encoded,
  order: Int32Array,
  rule: OrderRule,
  jsonOf: (name: number) => Json,
  { keys, key }: Pick<Encoded, 'keys' | 'key'>,
): string | undefined {
  const { length, kind, expects, writes, calls, returns, names, isTied } = encoded
  const clients = rule === 'real time' ? NO_CLIENTS : encoded.clients()
  const seen = uint8Array(length)
  const states: (number | string)[] = new Array(keys).fill(encoded.initial)
  for (const [k, value] of encoded.startOf?.entries() ?? []) states[k] = value
  const latestOfClient = new Map<number, number>()
  let latestCall = -1
  for (const i of order) {
    if (seen[i] !== 0) return `operation ${i} appears twice`
    seen[i] = 1
    if (rule === 'real time' || isTied === true) {
      if (returns[i] < latestCall) return `operation ${i} returned before one that precedes it was called`
      if (calls[i] > latestCall) latestCall = calls[i]
    }
    if (rule === 'process order' && isTied === true) {
      const latest = latestOfClient.get(clients[i]) ?? -1
      if (i < latest && returns[i] !== NEVER) return `operation ${i} is out of its client's order`
      latestOfClient.set(clients[i], Math.max(i, latest))
    } else if (rule === 'process order') {
      const latest = latestOfClient.get(clients[i]) ?? -1
      // An operation of unknown outcome must come after the earlier operations of its client. It need not come before
      // the later ones.
      if (returns[i] < latest) return `operation ${i} is out of its client's order`
      if (calls[i] > latest) latestOfClient.set(clients[i], calls[i])
    }
    const state = states[key[i]]
    const k = kind[i]
    if (k === READ || k === CAS || k === DIFFERS) {
      const holds = state === (typeof state === 'number' ? expects[i] : jsonOf(names[expects[i]]))
      if (holds === (k === DIFFERS)) return `operation ${i} is not legal where it is placed`
      // If the state is a text, replaces it by the number of the observed value, which equals the text. The next read
      // then compares only numbers.
      if (holds) states[key[i]] = expects[i]
    }
    if (k === APPEND) {
      const text =
        typeof state === 'string' ? state : names[state] === UNMENTIONED ? ANOTHER : appendText(jsonOf(names[state]))
      states[key[i]] = text + appendText(jsonOf(names[writes[i]]))
    } else if (k !== READ && k !== DIFFERS) {
      states[key[i]] = writes[i]
    }
  }
  return missingIn(seen, returns)
}

/** Returns a message that names a completed operation missing from a witness; undefined if none is missing. */
export function missingIn(seen: Uint8Array, returns: Int32Array): string | undefined {
  for (let i = 0; i < seen.length; i++) if (seen[i] === 0 && returns[i] !== NEVER) return `operation ${i} is missing`
  return undefined
}

/** A text that no operation reads. */
const ANOTHER = '\u0000\ud800\u0000'

/** Client column for the real-time rule, which ignores clients. */
const NO_CLIENTS = new Int32Array(0)

/**
 * Reports whether an order is correct. Uses no branches, because mispredicted branches would dominate the cost. An
 * unused value is NOTHING, which is negative.
 */
function isRightOnOneKey(
  { length, kind, expects, writes, calls, returns, initial }: Encoded,
  order: Int32Array,
): boolean {
  const seen = uint8Array(length)
  const end = order.length
  let state = initial
  let latestCall = 0
  let faults = 0
  for (let at = 0; at < end; at++) {
    const i = order[at]
    if (i >>> 0 >= length) return false
    faults |= seen[i]
    seen[i] = 1
    faults |= (returns[i] - latestCall) >> 31
    const later = calls[i] - latestCall
    latestCall += later & ~(later >> 31)
    // DIFFERS is the only kind whose last two bits are both 1.
    const isDiffers = -(kind[i] & (kind[i] >> 1) & 1)
    const difference = expects[i] ^ state
    const isSame = (difference - 1) >> 31
    faults |= (difference & ~(expects[i] >> 31) & ~isDiffers) | (isSame & isDiffers)
    const isObservation = writes[i] >> 31
    state = (state & isObservation) | (writes[i] & ~isObservation)
  }
  // The order has as many operations as the history, and none of them twice. So it contains every operation.
  return faults === 0 && (end === length || missingIn(seen, returns) === undefined)
}

/**
 * Describes what is wrong with a real-time order of a register of numbers. Checks a million operations in a few
 * milliseconds.
 */
function faultOfNumbers(
  { length, kind, expects, writes, calls, returns, initial }: Encoded,
  order: Int32Array,
): string | undefined {
  const seen = uint8Array(length)
  let state = initial
  let latestCall = -1
  for (let at = 0; at < order.length; at++) {
    const i = order[at]
    if (seen[i] !== 0) return `operation ${i} appears twice`
    seen[i] = 1
    if (returns[i] < latestCall) return `operation ${i} returned before one that precedes it was called`
    if (calls[i] > latestCall) latestCall = calls[i]
    const k = kind[i]
    if (k === WRITE) {
      state = writes[i]
      continue
    }
    if ((state === expects[i]) === (k === DIFFERS)) return `operation ${i} is not legal where it is placed`
    if (k === CAS) state = writes[i]
  }
  return missingIn(seen, returns)
}
