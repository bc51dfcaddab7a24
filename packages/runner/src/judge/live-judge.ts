import { createOnlineChecker, entryOf, type OnlineChecker } from '@chaosproxy/checker'
import { errorText, type Millis, plural } from '@chaosproxy/history'
import type { Judged, LiveJudge, LiveViolation } from '../ports/live-judge.ts'
import { createLiveRecord, type RecordSoFar } from './live-record.ts'

/** The verdict on a history before its first event. */
export const NOTHING_RECORDED: Judged = {
  level: 'linearizable',
  soFar: 'not certain',
  doubt: 'nothing is recorded yet',
}

interface JudgedHistory extends RecordSoFar {
  /** A monotonic clock that limits the time of one judgement. */
  readonly now?: (() => Millis) | undefined
  /** Whether the verdict is used before the end of the history. */
  readonly isFollowed?: boolean | undefined
}

/**
 * Creates a judge of a growing history. As in the final check, the verdict is `not certain` if the history proves
 * nothing. The verdict is also `not certain` if the online checker found a violation that a check of all events so far
 * does not find. More events can turn a violation into `not certain`: they may show that the route table reads wrong
 * values.
 *
 * @param placeOf Returns the file and line of an event, given its position in the history.
 */
export function createLiveJudge(
  judgedHistory: JudgedHistory,
  placeOf: (position: number) => LiveViolation['at'] = () => undefined,
): LiveJudge {
  const online = onlineCheckerFor(judgedHistory)
  const listeners: ((violation: LiveViolation) => void)[] = []
  let violation: LiveViolation | undefined
  let stopped: string | undefined
  const record = judgedHistory.isFollowed === false ? undefined : createLiveRecord(judgedHistory)
  let pushed = 0
  let askedAt = -1
  let settledAt = -1
  let doubt: string | undefined
  /**
   * Asks `online` for a violation, and `record` for reasons to doubt the verdict. Reports a violation without doubts to
   * the listeners.
   */
  function ask(isSettled = false): void {
    askedAt = pushed
    const certain = online.violation()
    const level = online.level()
    doubt = certain === undefined ? (online.doubt() ?? record?.missing(level)) : undefined
    // Checking a long record takes time. A violation is checked at once, but `met` only when the history has settled.
    if (certain !== undefined || isSettled) doubt ??= record?.objection(level, certain)
    if (certain === undefined || doubt !== undefined || violation !== undefined) return
    const at = placeOf(certain.position)
    violation = { ...certain, level, ...(at === undefined ? {} : { at }) }
    for (const listener of listeners) listener(violation)
  }
  function settle(): void {
    if (stopped !== undefined) return
    online.settle()
    if (pushed > settledAt) ask(true)
    settledAt = pushed
  }
  return {
    push(event) {
      if (stopped !== undefined) return
      pushed++
      record?.took(event)
      const certain = online.push(event)
      // A violation that the record contradicted (see `objection`) is checked again once the record has grown.
      const isOpen = violation === undefined && online.violation() !== undefined
      if (certain !== undefined || (isOpen && isAskedAgain(pushed, askedAt))) ask()
    },
    settle,
    onViolation: (listener) => void listeners.push(listener),
    stop(why) {
      stopped ??= why
    },
    judged() {
      if (pushed <= FEW) settle()
      else if (stopped === undefined && isAskedAgain(pushed, askedAt)) ask()
      const level = online.level()
      if (violation !== undefined && doubt === undefined) return { level, soFar: online.soFar(), violation }
      const why = stopped ?? online.doubt() ?? doubt
      const unjudged = online.unjudged()
      return {
        level,
        ...(why === undefined ? { soFar: online.soFar() } : { soFar: 'not certain', doubt: why }),
        ...(unjudged === 0 ? {} : { unjudged }),
      }
    },
  }
}

/** `ask` is called again once the history has grown by this share since the last call. */
const SHARE = 0.1

const isAskedAgain = (pushed: number, askedAt: number): boolean => pushed > askedAt && pushed >= askedAt * (1 + SHARE)

/** The number of events whose judgement takes about a millisecond. */
const FEW = 500

/** Describes a violation in one line: its level, its place, and how many events later it was noticed. */
export function violationText({ level, sentence, position, at, noticedAfter }: LiveViolation): string {
  const place = at === undefined ? `event ${position}` : `${at.path}:${at.line}`
  const late = noticedAfter === 0 ? '' : `, noticed ${plural(noticedAfter, 'event')} later`
  return `not ${level}: ${sentence} (${place}${late})`
}

/**
 * Creates a checker for a history that is being recorded. It never throws: at an event that it does not accept, it
 * stops judging, and the final check reports what is wrong.
 */
export function onlineCheckerFor({ model, initial, mapping, now, isFollowed }: JudgedHistory): OnlineChecker {
  try {
    // A model with its own monitor is judged even if no option needs a verdict before the end, because the monitor
    // costs almost nothing.
    if (isFollowed === false && entryOf(model).online === undefined) return uncertain(UNFOLLOWED)
    return untilItThrows(createOnlineChecker({ model, initial, byRoutes: mapping === 'routes', now }))
  } catch (error) {
    // The checker throws, for example, if the model's objects cannot have the initial value.
    return uncertain(errorText(error))
  }
}

const UNFOLLOWED = 'the history is not checked while it is recorded: no option needs a verdict before the end'

const uncertain = (why: string): OnlineChecker => ({
  push: () => undefined,
  settle: () => undefined,
  level: () => 'linearizable',
  soFar: () => 'not certain',
  violation: () => undefined,
  doubt: () => why,
  unjudged: () => 0,
  retained: () => 0,
})

function untilItThrows(checker: OnlineChecker): OnlineChecker {
  let current = checker
  const unlessItThrows = (take: () => ReturnType<OnlineChecker['settle']>): ReturnType<OnlineChecker['settle']> => {
    try {
      return take()
    } catch (error) {
      current = uncertain(errorText(error))
      return undefined
    }
  }
  return {
    push: (event) => unlessItThrows(() => current.push(event)),
    settle: () => unlessItThrows(() => current.settle()),
    level: () => current.level(),
    soFar: () => current.soFar(),
    violation: () => current.violation(),
    doubt: () => current.doubt(),
    unjudged: () => current.unjudged(),
    retained: () => current.retained(),
  }
}
