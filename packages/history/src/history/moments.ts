import { moment } from '../text/figures.ts'
import type { History } from './history.ts'
import { oncePerHistory } from './once-per-history.ts'

/** The time in nanoseconds of the latest call or return of a client's operation. */
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

/** Whether a history has real times. Otherwise its times are event positions, which only give the order. */
export const hasTimes = (history: History): boolean => lastTime(history) > history.eventCount

/** The time of an operation's call, such as `1.042 s`. Without times, its line, such as `line 7`. */
export const calledAt = (history: History, row: number): string =>
  hasTimes(history) ? moment(history.operations.callTime[row] ?? 0) : `line ${history.operations.callLine[row]}`

/** The time of an operation's answer, in the form of `calledAt`. */
export const answeredAt = (history: History, row: number): string =>
  hasTimes(history) ? moment(history.operations.returnTime[row] ?? 0) : `line ${history.operations.returnLine[row]}`

/** Whether an operation that changes an object may have overlapped an operation of another request. */
export function hasConcurrency(history: History, changes: (f: string) => boolean): boolean {
  if (history.clocks?.stamps !== undefined) return true
  const { functions, operations } = history
  const { length, f, callEvent, returnEvent } = operations
  const isChange = functions.map(changes)
  // The latest return of any operation in the requests before the current request.
  let latestReturn = -1
  let latestChangeReturn = -1
  for (let first = 0, end = 0; first < length; first = end) {
    end = endOfRequest(history, first)
    let lastReturn = latestReturn
    let lastChangeReturn = latestChangeReturn
    for (let row = first; row < end; row++) {
      const changing = isChange[f[row] ?? -1] === true
      const called = callEvent[row] ?? 0
      if (called < latestChangeReturn || (changing && called < latestReturn)) return true
      const returned = returnEvent[row] === -1 ? Number.POSITIVE_INFINITY : (returnEvent[row] ?? 0)
      lastReturn = Math.max(lastReturn, returned)
      if (changing) lastChangeReturn = Math.max(lastChangeReturn, returned)
    }
    latestReturn = lastReturn
    latestChangeReturn = lastChangeReturn
  }
  return false
}

/**
 * Returns the row after the last operation of the request that contains row `first`. A recorder invokes the operations
 * of one request (`MSET`, an EXEC, a batch) directly one after another, with equal times. Each operation has its own
 * process, and all these processes belong to one client. The commands of a pipeline look like the operations of one
 * request if the pipeline was sent, answered and executed as a whole.
 */
function endOfRequest({ hasSessions, sessionOf, operations }: History, first: number): number {
  const { length, process, callEvent, callTime, returnTime } = operations
  const session = sessionOf(process[first] ?? 0)
  let end = first + 1
  while (
    hasSessions &&
    end < length &&
    callEvent[end] === (callEvent[end - 1] ?? 0) + 1 &&
    callTime[end] === callTime[first] &&
    returnTime[end] === returnTime[first] &&
    sessionOf(process[end] ?? 0) === session
  )
    end++
  return end
}
