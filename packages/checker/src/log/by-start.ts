import { type History, inputOf, OK, outputOf } from '@chaosproxy/history'
import type { ByStart } from '../judge/by-start.ts'
import { elementsByStart, type Placed } from '../object/model/elements-by-start.ts'
import { isAppendToLog, offsetsIn, rangeOf } from './log.ts'

export const logByStart = (history: History): ByStart =>
  elementsByStart(history, 'log', isAppendToLog, placedIn(history))

/** By what appends and reads returned. */
function* placedIn(history: History): Iterable<Placed> {
  const { f, key, outcome, input, returnEvent, length } = history.operations
  const appends = history.functions.map(isAppendToLog)
  const offsetOf = offsetsIn(history)
  for (let row = 0; row < length; row++) {
    if (outcome[row] !== OK) continue
    const where = { key: key[row], seen: returnEvent[row] }
    const [value, output] = [inputOf(history, row), outputOf(history, row)]
    if (appends[f[row]]) {
      const offset = offsetOf(value, output)
      if (offset !== undefined) yield { ...where, at: offset, element: input[row] }
    } else if (Array.isArray(output)) {
      const { from } = rangeOf({ value })
      for (const [at, entry] of output.entries()) yield { ...where, at: from + at, element: history.values.id(entry) }
    }
  }
}
