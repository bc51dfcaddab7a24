import { canonical } from '@chaosproxy/history'
import type { Specification } from '../judge/model.ts'
import { type AnyStart, guessNothing } from '../object/model/any-start.ts'
import { logByStart } from './by-start.ts'
import { offsetsIn, rangeOf } from './log.ts'

/** The entries appended after an unknown number of initial ones, and what reads revealed of either. */
interface Log {
  /** The least and the greatest possible number of initial entries. */
  readonly least: number
  readonly most: number
  readonly appended: readonly string[]
  /** The known entries, by offset. */
  readonly read: readonly (readonly [offset: number, entry: string])[]
}

// The specification is that of any history: a number that equals its value may be either.
const offsetOf = offsetsIn(undefined)
const initial: Log = { least: 0, most: Number.POSITIVE_INFINITY, appended: [], read: [] }

const specification: Specification<Log> = {
  initial,
  step: (log, operation) => {
    const { least, most, appended, read } = log
    if (operation.f === 'append' || operation.f === 'send') {
      const offset = offsetOf(operation.value, operation.output)
      const before = offset === undefined ? undefined : offset - appended.length
      const next = { ...log, appended: [...appended, canonical(operation.value)] }
      if (before === undefined) return possible(next)
      return possible({ ...next, least: Math.max(least, before), most: Math.min(most, before) })
    }
    const { from, limit } = rangeOf(operation)
    const entries = operation.output ?? []
    if (!Array.isArray(entries)) throw new Error(`a read returns a list, not ${JSON.stringify(entries)}`)
    if (limit !== undefined && entries.length > limit) return []
    const known = new Map(read)
    for (const [at, entry] of entries.entries()) {
      const text = canonical(entry)
      if ((known.get(from + at) ?? text) !== text) return []
      known.set(from + at, text)
    }
    const end = from + entries.length
    // A read that returned fewer entries than asked for ends at the end of the log, unless it began beyond it.
    const isEnd = limit === undefined || entries.length < limit
    return possible({
      least: Math.max(least, entries.length === 0 ? 0 : end - appended.length),
      most: isEnd ? Math.min(most, end - appended.length) : most,
      appended,
      read: [...known].sort(([a], [b]) => a - b),
    })
  },
  key: ({ least, most, appended, read }) => JSON.stringify([least, most, appended, read]),
}

/** The log with the possibilities that the read leaves; undefined if none is left. */
function possible(log: Log): readonly Log[] {
  const { appended, read } = log
  const fits = (before: number): boolean =>
    read.every(([offset, entry]) => {
      const at = offset - before
      return at < 0 || at >= appended.length || appended[at] === entry
    })
  // Beyond all offsets that were read, any number of entries is possible.
  const beyond = (read.at(-1)?.[0] ?? -1) + 1
  let { least, most } = log
  while (least <= most && least < beyond && !fits(least)) least++
  while (most >= least && most < beyond && !fits(most)) most--
  if (most < least) return []
  return [{ ...log, least, most }]
}

export const logFromAny: AnyStart = { specification, guesses: guessNothing, byStart: logByStart }
