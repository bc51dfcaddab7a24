import { CAS, type Encoded, NEVER, NOTHING, READ } from './encoded.ts'
import type { Report } from './verdict.ts'

/**
 * What became of the operations of unknown outcome. One happened where its value was observed by a completed operation
 * and nothing else wrote it; the others may have or not, and reads among them do not matter.
 */
export function settleUnknownOutcomes(encoded: Encoded, total: number): Report['info'] {
  const { length, kind, keys, writes, expects, returns, values, initial } = encoded
  const key = keys === 1 ? NO_KEYS : encoded.key
  // An appended string may have come about in other ways.
  if (encoded.hasAppend) return { total, happened: 0, undecided: total }
  if (total === 0) return { total, happened: 0, undecided: 0 }
  // By key and value: the only operation that wrote it, or a negative number.
  const writers =
    keys * values <= 4 * length + 1024 ? new Int32Array(keys * values).fill(NONE) : new Map<number, number>()
  const writerOf = (name: number): number => (writers instanceof Map ? (writers.get(name) ?? NONE) : writers[name])
  for (let i = 0; i < length; i++) {
    if (writes[i] === NOTHING) continue
    const name = (keys === 1 ? 0 : key[i] * values) + writes[i]
    const writer = writerOf(name) === NONE ? i : MANY
    if (writers instanceof Map) writers.set(name, writer)
    else writers[name] = writer
  }
  const seen = new Uint8Array(length)
  let happened = 0
  for (let i = 0; i < length; i++) {
    if ((kind[i] !== READ && kind[i] !== CAS) || returns[i] === NEVER || expects[i] === initial) continue
    const writer = writerOf((keys === 1 ? 0 : key[i] * values) + expects[i])
    if (writer < 0 || returns[writer] !== NEVER || seen[writer] === 1) continue
    seen[writer] = 1
    happened++
  }
  return { total, happened, undecided: total - happened }
}

const NO_KEYS = new Int32Array(0)
const NONE = -1
const MANY = -2
