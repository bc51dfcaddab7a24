import type { Header } from '../event/event.ts'
import type { RecorderNotes } from '../event/marks.ts'
import type { RequestedValues } from '../history/history-data.ts'
import { moment } from '../text/figures.ts'
import type { SharedId } from './attempts.ts'

/** Harmless irregularities, counted during the building of a history. */
export interface Tolerated {
  /**
   * The number of operations invoked by a process whose earlier operation ended in `info`. A client should then go on
   * as a new process. `reusedExample` describes such an earlier operation.
   */
  reused: number
  reusedExample: string
  /** Whether the history has only completions. */
  lacksInvocations: boolean
  withoutTime: number
  /**
   * The number of writes whose answer contains a different value than the request. `otherValueLine` is the line of the
   * first such answer.
   */
  otherValues: number
  otherValueLine: number
  /** The number of answered reads without a value. `valuelessLine` is the first line. */
  valueless: number
  valuelessLine: number
  /** Times beyond 2^53. */
  hugeTimes: number
  /** The number of completions that are `ok` and have an error. `disputedExample` describes the first. */
  disputed: number
  disputedExample: string
}

export const nothingTolerated = (): Tolerated => ({
  reused: 0,
  reusedExample: '',
  lacksInvocations: false,
  withoutTime: 0,
  otherValues: 0,
  otherValueLine: 0,
  valueless: 0,
  valuelessLine: 0,
  hugeTimes: 0,
  disputed: 0,
  disputedExample: '',
})

/**
 * The warning that a recording lacks its promised end mark. If a recorder was killed and left the recording incomplete,
 * nothing else shows this. `latest`: the time of a client's last event; Infinity if there was none.
 */
export function cutOffWarning(
  source: string,
  header: Header | undefined,
  { hasEnded }: RecorderNotes,
  latest: number,
): string | undefined {
  if (header?.ends !== true || hasEnded) return undefined
  const last = Number.isFinite(latest) ? Math.max(0, latest) : 0
  return (
    `${source}: the recording was cut off at ${moment(last)}: its recorder was killed, or still records, ` +
    'or this is not the whole file. Operations in flight at that time count as unanswered, and nothing is known of later ones.'
  )
}

/** The warning that a request id may name several operations. `line`: the line of a repeated request. */
export const sharedIdWarning = (source: string, { id, line, isEqual }: SharedId): string =>
  `${source}:${line}: the request id ${JSON.stringify(id)} ${
    isEqual
      ? 'is repeated after an answer. The repetition counts as a retry, not as a new operation.'
      : 'names different operations, so it may identify a client. If a request repeats this id after an answer, its outcome counts as unknown, because it may be a new operation.'
  } "requestId" must name a header field with a new id for each request.`

/**
 * The warning that some writes were answered with a value that differs from the requested one. The history uses the
 * value of the answer. `line`: the line of the first such answer.
 */
export const otherValuesWarning = (source: string, count: number, line: number): string =>
  `${source}: ${count === 1 ? 'a write was' : `${count} writes were`} answered with another value than asked for (line ${line}); the value in the answer is used.`

export function warningsAbout(
  tolerated: Tolerated,
  {
    source,
    clientEvents,
    cutOff,
    requested,
    unit,
    hasMembers,
  }: {
    readonly source: string
    readonly clientEvents: number
    readonly cutOff: string | undefined
    readonly requested: RequestedValues | undefined
    readonly unit: string | undefined
    /** Whether `--map` can name the members of the file. */
    readonly hasMembers: boolean
  },
): string[] {
  const { reused, reusedExample, lacksInvocations, withoutTime, valueless, valuelessLine, hugeTimes } = tolerated
  const { disputed, disputedExample } = tolerated
  const warnings: string[] = cutOff === undefined ? [] : [cutOff]
  if (reused > 0) {
    warnings.push(
      `${source}: ${reused} ${reused === 1 ? 'operation is' : 'operations are'} invoked by a process whose ` +
        `earlier operation ended in info (${reusedExample}). After an info, a client should go on as a new process.`,
    )
  }
  if (lacksInvocations) {
    warnings.push(
      `${source}: there are completions only; each operation counts as invoked just before its completion. The real-time order may be stricter than it really was.`,
    )
  }
  if (withoutTime > 0 && withoutTime < clientEvents && !lacksInvocations) {
    warnings.push(
      `${source}: ${withoutTime} of ${clientEvents} events have no time; each gets the time of the event before it.`,
    )
  }
  if (requested !== undefined) warnings.push(requested.warning)
  if (valueless > 0) {
    warnings.push(
      `${source}: ${valueless === 1 ? 'a read has' : `${valueless} reads have`} no value (line ${valuelessLine}). Built-in models take them as reads of null. If the values are unknown, leave these reads out.`,
    )
  }
  if (disputed > 0) {
    const remedy = hasMembers ? 'read the file with --map error=none' : 'leave out their errors'
    warnings.push(
      `${source}: ${disputed === 1 ? 'an operation is' : `${disputed} operations are`} ok and ${disputed === 1 ? 'has' : 'have'} an error (${disputedExample}); the outcome counts as unknown. If all operations with ok took effect, ${remedy}.`,
    )
  }
  if (unit !== undefined) {
    warnings.push(
      `${source}: times look like ${unit} since 1970, but are read as nanoseconds. Durations are wrong; the order of events is right. Write times in nanoseconds.`,
    )
  }
  if (hugeTimes > 0) {
    warnings.push(
      `${source}: times beyond 2^53 ns are rounded (to a microsecond or better); count from the run's start instead.`,
    )
  }
  return warnings
}

/**
 * For each unit of times since 1970: the smallest time that is recognized (`from`, in 2001) and the longest assumed
 * duration of a run (`most`, about twelve days). Both are in this unit.
 */
const SINCE_1970 = [
  { unit: 'milliseconds', from: 1e12, most: 1e9 },
  { unit: 'microseconds', from: 1e15, most: 1e12 },
  { unit: 'seconds', from: 1e9, most: 1e6 },
] as const

/** Returns the likely unit of times since 1970 that are not in nanoseconds. */
export const probableUnit = (first: number, latest: number): string | undefined =>
  SINCE_1970.find(({ from, most }) => first >= from && first < 4 * from && latest - first < most)?.unit
