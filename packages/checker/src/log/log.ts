import type { Budget } from '../limits/budget.ts'
import type { Closure, ObjectEntry, ObjectModel } from '../object/model/object-model.ts'
import type { Part } from '../object/model/part.ts'
import { relatedByTime } from '../object/search/decide.ts'
import { dense } from './dense.ts'
import { APPEND, isAppendToLog, logNumbers, READ } from './operations.ts'
import { nonsenseIn } from './sense.ts'
import { sparse } from './sparse.ts'

const common = {
  numbers: logNumbers,
  reads: [READ],
  mayLackResult: [APPEND],
  nonsenseIn,
  observation: { what: 'read or poll', functions: Object.keys(logNumbers).filter((f) => !isAppendToLog(f)) },
} as const satisfies Partial<ObjectModel>

/**
 * A log. An append returns the offset of its value; if it returns no number, any offset is possible. Offsets increase.
 * They may begin at any number and have gaps. A read from an offset returns the values from that offset on, alone or as
 * pairs of offset and value. Null as the offset means the beginning of the log. With `{"offset":…,"limit":…}` a read
 * returns at most `limit` values.
 */
export const log: ObjectEntry = {
  name: 'log',
  aliases: ['kafka', 'offset-log'],
  summary: 'a log: appends return offsets that increase, reads return what follows an offset',
  functions: ['append', 'send', 'read', 'poll'],
  levels: ['linearizable'],
  object: { ...common, ...sparse, readsReveal: true, related },
}

/** A log whose offsets are counted from 0 without gaps. */
export const denseLog: ObjectEntry = {
  name: 'dense-log',
  aliases: [],
  summary: 'a log whose offsets are counted from 0 without gaps',
  functions: log.functions,
  levels: ['linearizable'],
  object: { ...common, ...dense },
}

/** An append stays possible without any other operations, since offsets have gaps. A read depends on all before it. */
function related(part: Part, budget: Budget): Closure {
  const before = relatedByTime((number) => number === READ)(part, budget)
  return (chosen) => {
    const all = [...chosen]
    return all.some((i) => part.f[i] === READ) ? before(all) : all.sort((a, b) => a - b)
  }
}
