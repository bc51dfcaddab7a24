import { CAS, type Encoded, NEVER, NOTHING, READ } from './encoded.ts'
import type { Report } from './verdict.ts'

/**
 * What became of the operations of unknown outcome. One happened where its value was observed by a completed operation
 * and nothing else wrote it; the others may have or not, and reads among them do not matter.
 */
export function settleUnknownOutcomes(encoded: Encoded, total: number): Report['info'] {
  const { length, kind, key, writes, expects, returns, values, initial } = encoded
  // An appended string may have come about in other ways.
  if (encoded.hasAppend) return { total, happened: 0, undecided: total }
  const writers = new Map<number, number>()
  for (let i = 0; i < length; i++) {
    if (writes[i] === NOTHING) continue
    const name = key[i] * values + writes[i]
    writers.set(name, writers.has(name) ? MANY : i)
  }
  const happened = new Set<number>()
  for (let i = 0; i < length; i++) {
    if ((kind[i] !== READ && kind[i] !== CAS) || returns[i] === NEVER || expects[i] === initial) continue
    const writer = writers.get(key[i] * values + expects[i])
    if (writer !== undefined && writer !== MANY && returns[writer] === NEVER) happened.add(writer)
  }
  return { total, happened: happened.size, undecided: total - happened.size }
}

const MANY = -1
