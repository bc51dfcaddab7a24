import { areSame, endOf, int32Array, pageOf, QUOTE, startOf, uint8Array } from '@chaosproxy/history'
import { APPEND, type Encoded, NEVER, READ, WRITE } from '../../encoding/encoded.ts'

/** Used instead of a value for a string that an append built. */
const PUT_TOGETHER = -1

/**
 * Reports whether orders of strings with put, append and get are correct. Every completed operation must occur once, be
 * legal at its place, and respect real time. Shares no code with the algorithm that finds the orders. Texts are
 * compared as in `Pieces`.
 *
 * The replay advances all keys together, in the order of calls, so that it visits data that is close together in
 * memory.
 */
export function areAppendsInOrder(
  encoded: Encoded,
  { order, starts }: { readonly order: Int32Array; readonly starts: Int32Array },
): boolean {
  const { length, key, keys, kind, expects, writes, calls, returns, initial } = encoded
  const strings = createStrings(encoded)
  const seen = uint8Array(length)
  const next = starts.slice(0, keys)
  const values = int32Array(keys).fill(initial)
  const latestCall = int32Array(keys).fill(-1)
  for (let called = 0; called < length; called++) {
    const k = key[called]
    while (next[k] < starts[k + 1] && order[next[k]] <= called) {
      const i = order[next[k]++]
      if (key[i] !== k || seen[i] === 1 || returns[i] < latestCall[k]) return false
      seen[i] = 1
      if (calls[i] > latestCall[k]) latestCall[k] = calls[i]
      const value = values[k]
      if (kind[i] === READ) {
        // If the appended string equals the value that was read, stores the number of this value. The next read of the
        // string then compares only numbers.
        if (value === PUT_TOGETHER && strings.is(k, expects[i])) values[k] = expects[i]
        if (values[k] !== expects[i]) return false
      } else if (kind[i] === WRITE) {
        if (!strings.put(k, writes[i])) return false
        values[k] = writes[i]
      } else {
        if (kind[i] !== APPEND || !strings.append(k, writes[i])) return false
        values[k] = PUT_TOGETHER
      }
    }
  }
  for (let k = 0; k < keys; k++) if (next[k] !== starts[k + 1]) return false
  for (let i = 0; i < length; i++) if (seen[i] === 0 && returns[i] !== NEVER) return false
  return true
}

/** Holds a string for each key. A string can be replaced by a value, extended by a value, and compared with a value. */
interface Strings {
  /** Replaces the string of key `k` by a value. Returns false if the value is not a string. */
  readonly put: (k: number, value: number) => boolean
  readonly append: (k: number, value: number) => boolean
  readonly is: (k: number, value: number) => boolean
}

const FIRST_BYTES = 64

function createStrings({ keys, names, table }: Encoded): Strings {
  const texts = table.placed()
  const strings: Uint8Array[] = new Array(keys)
  const sizes = int32Array(keys)
  const isString = (id: number): boolean => (id & 1) === 0 && pageOf(texts, id >> 1)[startOf(texts, id >> 1)] === QUOTE
  const append = (k: number, value: number): boolean => {
    const id = names[value]
    if (!isString(id)) return false
    const page = pageOf(texts, id >> 1)
    const from = startOf(texts, id >> 1) + 1
    const size = endOf(texts, id >> 1) - 1 - from
    const before = sizes[k]
    let string = strings[k]
    if (string === undefined || before + size > string.length) {
      string = grown(string, before + size)
      strings[k] = string
    }
    for (let at = 0; at < size; at++) string[before + at] = page[from + at]
    sizes[k] = before + size
    return true
  }
  return {
    append,
    put: (k, value) => {
      sizes[k] = 0
      return append(k, value)
    },
    is: (k, value) => {
      const id = names[value]
      const page = pageOf(texts, id >> 1)
      const from = startOf(texts, id >> 1) + 1
      const size = sizes[k]
      if (!isString(id) || endOf(texts, id >> 1) - 1 - from !== size) return false
      return size === 0 || areSame(strings[k], 0, page, from, size)
    },
  }
}

function grown(bytes: Uint8Array | undefined, least: number): Uint8Array {
  const longer = uint8Array(Math.max(FIRST_BYTES, 2 * least))
  if (bytes !== undefined) longer.set(bytes)
  return longer
}
