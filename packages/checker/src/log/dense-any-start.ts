import { canonical, type History } from '@chaosproxy/history'
import type { ObjectOperation, Specification } from '../judge/model.ts'
import { type AnyStart, guessNothing } from '../object/model/any-start.ts'
import { countedAtStart } from './at-start.ts'
import { type EntriesOf, entriesIn, type OffsetOf, offsetsIn, rangeOf, readOf } from './operations.ts'

/** The known facts about a log whose initial entries are unknown. */
interface Log {
  /** The least and the greatest possible number of initial entries. */
  readonly least: number
  readonly most: number
  readonly appended: readonly string[]
  /** The known entries, by offset. */
  readonly read: readonly (readonly [offset: number, entry: string])[]
}

const initial: Log = { least: 0, most: Number.POSITIVE_INFINITY, appended: [], read: [] }

function specificationIn(history: History): Specification<Log> {
  const offsetOf = offsetsIn(history)
  const entriesOf = entriesIn(history)
  return { initial, step: (log, operation) => stepOf(log, operation, offsetOf, entriesOf), key: keyOf }
}

const keyOf = ({ least, most, appended, read }: Log): string => JSON.stringify([least, most, appended, read])

function stepOf(log: Log, operation: ObjectOperation, offsetOf: OffsetOf, entriesOf: EntriesOf): readonly Log[] {
  const { least, most, appended, read } = log
  if (operation.f === 'append' || operation.f === 'send') {
    const offset = offsetOf(operation.value, operation.output)
    const before = offset === undefined ? undefined : offset - appended.length
    const next = { ...log, appended: [...appended, canonical(operation.value)] }
    if (before === undefined) return possible(next)
    return possible({ ...next, least: Math.max(least, before), most: Math.min(most, before) })
  }
  const { from, limit } = rangeOf(operation)
  const returned = readOf(entriesOf, operation.output)
  if (returned.some(({ offset }, at) => (offset ?? from + at) !== from + at)) return []
  const entries = returned.map(({ value }) => value)
  if (limit !== undefined && entries.length > limit) return []
  const known = new Map(read)
  for (const [at, entry] of entries.entries()) {
    const text = canonical(entry)
    if ((known.get(from + at) ?? text) !== text) return []
    known.set(from + at, text)
  }
  const end = from + entries.length
  // A read that returned less than its limit shows the end of the log, unless it began beyond the end.
  const isEnd = limit === undefined || entries.length < limit
  return possible({
    least: Math.max(least, entries.length === 0 ? 0 : end - appended.length),
    most: isEnd ? Math.min(most, end - appended.length) : most,
    appended,
    read: [...known].sort(([a], [b]) => a - b),
  })
}

function possible(log: Log): readonly Log[] {
  const { appended, read } = log
  const fits = (before: number): boolean =>
    read.every(([offset, entry]) => {
      const at = offset - before
      return at < 0 || at >= appended.length || appended[at] === entry
    })
  // Any number of unknown entries may follow the last offset read.
  const beyond = (read.at(-1)?.[0] ?? -1) + 1
  let { least, most } = log
  while (least <= most && least < beyond && !fits(least)) least++
  while (most >= least && most < beyond && !fits(most)) most--
  if (most < least) return []
  return [{ ...log, least, most }]
}

export const denseLogFromAny: AnyStart = {
  specification: specificationIn,
  guesses: guessNothing,
  leastStarts: countedAtStart,
}
