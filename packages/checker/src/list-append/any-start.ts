import { functionOf, type History, OK, type ValueId } from '@chaosproxy/history'
import { functionTest } from '../encoding/operation-row.ts'
import type { Budget } from '../limits/budget.ts'
import { type AnyStart, type Guesses, MOST_GUESSES } from '../object/model/any-start.ts'
import { createContents } from '../object/model/elements.ts'
import { inputsByKey, type LeastStarts } from '../object/model/least-start.ts'
import { jsonOf, type Part } from '../object/model/part.ts'
import { listFrom } from './list-append.ts'

/** By key: the elements of the longest read, without the elements that some operation appended. */
function leastStarts(history: History): LeastStarts {
  const { key, outcome, length } = history.operations
  const isAppend = functionTest(history, (name) => name === 'append')
  const contents = createContents(history)
  const appended = inputsByKey(history, isAppend)
  const longest = new Map<number, Int32Array>()
  for (let row = 0; row < length; row++) {
    if (outcome[row] !== OK || isAppend(row)) continue
    const read = contents(row)
    if (read.length > (longest.get(key[row])?.length ?? 0)) longest.set(key[row], read)
  }
  return new Map(
    Array.from(appended, ([of, own]) => [
      of,
      Array.from(longest.get(of) ?? [])
        .filter((id) => !own.has(id))
        .map((id) => history.values.json(id as ValueId)),
    ]),
  )
}

/** Returns the possible initial lists. They are prefixes of every read, because reads begin with the initial list. */
function guesses(part: Part, budget: Budget): Guesses {
  const appended = new Set<number>()
  let shortest: Int32Array | undefined
  const reads: Int32Array[] = []
  for (let i = 0; i < part.length; i++) {
    budget.tick()
    if (functionOf(part.history, part.row[i]) === 'append') appended.add(part.input[i])
    else {
      const read = part.contents(part.row[i])
      reads.push(read)
      if (shortest === undefined || read.length < shortest.length) shortest = read
    }
  }
  if (shortest === undefined) return { starts: [[]], isComplete: true }
  let least = 0
  for (const read of reads) {
    for (let at = Math.min(read.length, shortest.length) - 1; at >= least; at--) {
      budget.tick()
      if (!appended.has(read[at])) least = at + 1
    }
  }
  const whole = Array.from(shortest, (id) => jsonOf(part, id))
  const starts: Guesses['starts'][number][] = []
  for (let end = least; end <= whole.length && starts.length < MOST_GUESSES; end++) starts.push(whole.slice(0, end))
  return { starts, isComplete: whole.length - least < MOST_GUESSES }
}

export const listAppendFromAny: AnyStart = {
  specification: listFrom({ isKnown: false, list: [] }),
  guesses,
  leastStarts,
}
