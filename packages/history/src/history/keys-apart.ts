import { FAIL, OK } from '../columns/history-columns.ts'
import { readsWhole, replacesWhole } from '../operations/meaning.ts'
import type { History } from './history.ts'

/** Returns a written key and a read key, if no key of the registers was both written and read. */
export function keysApart({
  functions,
  operations,
  keys,
}: History): { readonly written: string; readonly read: string } | undefined {
  const { length, f, key, outcome } = operations
  const isRead = functions.map(readsWhole)
  const isWrite = functions.map(replacesWhole)
  const written = new Set<number>()
  const read = new Set<number>()
  for (let row = 0; row < length; row++) {
    if (outcome[row] === FAIL) continue
    const [name = -1, ofKey = -1] = [f[row], key[row]]
    if (isRead[name] !== true) written.add(ofKey)
    // Other changes, such as a cas, also read what they replace.
    if (outcome[row] === OK && isWrite[name] !== true) read.add(ofKey)
  }
  const [[oneWritten = -1], [oneRead = -1]] = [[...written], [...read]]
  if (oneWritten < 0 || oneRead < 0 || [...read].some((each) => written.has(each))) return undefined
  return { written: keys[oneWritten] ?? '', read: keys[oneRead] ?? '' }
}
