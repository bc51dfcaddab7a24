import { moment } from '../text/figures.ts'
import type { History } from './history.ts'
import { oncePerHistory } from './once-per-history.ts'

/** The latest moment at which a client's operation began or ended, in nanoseconds. */
export const lastTime: (history: History) => number = oncePerHistory((history) => {
  if (history.tally !== undefined) return history.tally.lastTime
  const { length, callTime, returnTime } = history.operations
  let last = 0
  for (let row = 0; row < length; row++) {
    const returned = returnTime[row] ?? 0
    last = Math.max(last, callTime[row] ?? 0, Number.isFinite(returned) ? returned : 0)
  }
  return last
})

/** Whether a history has real times. Without them its times are event positions, which give only the order. */
export const hasTimes = (history: History): boolean => lastTime(history) > history.eventCount

/** `1.042 s`, when an operation was called; without times `line 7`, where that stands. */
export const calledAt = (history: History, row: number): string =>
  hasTimes(history) ? moment(history.operations.callTime[row] ?? 0) : `line ${history.operations.callLine[row]}`

/** The same of its answer. */
export const answeredAt = (history: History, row: number): string =>
  hasTimes(history) ? moment(history.operations.returnTime[row] ?? 0) : `line ${history.operations.returnLine[row]}`
