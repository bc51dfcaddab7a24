import { type History, OK } from '@chaosproxy/history'
import type { ByStart } from '../judge/by-start.ts'
import { createContents } from '../object/model/elements.ts'
import { elementsByStart, type Placed } from '../object/model/elements-by-start.ts'

export const listByStart = (history: History): ByStart =>
  elementsByStart(history, 'list', (f) => f === 'append', placedIn(history))

/** Lists only grow, so every place is looked at once: in the first read that shows it. */
function* placedIn(history: History): Iterable<Placed> {
  const { f, key, outcome, returnEvent, length } = history.operations
  const reads = history.functions.map((name) => name === 'read')
  const contents = createContents(history)
  const rows: number[] = []
  for (let row = 0; row < length; row++) if (outcome[row] === OK && reads[f[row]]) rows.push(row)
  const looked = new Map<number, number>()
  for (const row of rows.sort((a, b) => returnEvent[a] - returnEvent[b])) {
    const read = contents(row)
    for (let at = looked.get(key[row]) ?? 0; at < read.length; at++)
      yield { key: key[row], at, element: read[at], seen: returnEvent[row] }
    looked.set(key[row], Math.max(looked.get(key[row]) ?? 0, read.length))
  }
}
