import { int32Array, uint8Array } from '@chaos/history'
import { CAS, type Encoded, NEVER, NOTHING, READ, WRITE } from './encoded.ts'
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
  const nameOf = (i: number, value: number): number => (keys === 1 ? 0 : key[i] * values) + value
  // The writes of unknown outcome, numbered from 1, by key and value; 0 for none. Most operations are about no such value.
  const dense = keys * values <= 4 * length + 1024
  const numberByName = dense ? int32Array(keys * values) : new Map<number, number>()
  const numberOf = (name: number): number =>
    numberByName instanceof Map ? (numberByName.get(name) ?? 0) : numberByName[name]
  let count = 0
  for (let i = 0; i < length; i++) {
    if (returns[i] !== NEVER || writes[i] === NOTHING || writes[i] === initial) continue
    const name = nameOf(i, writes[i])
    if (numberOf(name) !== 0) continue
    if (numberByName instanceof Map) numberByName.set(name, ++count)
    else numberByName[name] = ++count
  }
  // By number: how many operations wrote the value, and whether a completed one observed it.
  const writers = int32Array(count + 1)
  const observed = uint8Array(count + 1)
  for (let i = 0; i < length && count > 0; i++) {
    if (kind[i] === CAS) {
      writers[numberOf(nameOf(i, writes[i]))]++
      if (returns[i] !== NEVER) observed[numberOf(nameOf(i, expects[i]))] = 1
      continue
    }
    // The other of the two is NOTHING, all ones in binary.
    const number = numberOf(nameOf(i, expects[i] & writes[i]))
    if (number === 0) continue
    if (kind[i] === READ) observed[number] = 1
    else if (kind[i] === WRITE) writers[number]++
  }
  let happened = 0
  for (let number = 1; number <= count; number++) if (writers[number] === 1 && observed[number] === 1) happened++
  return { total, happened, undecided: total - happened }
}

const NO_KEYS = new Int32Array(0)
