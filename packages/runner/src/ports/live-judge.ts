import { createOnlineChecker, entryOf, type Need, type OnlineChecker, type SoFar } from '@chaosproxy/checker'
import { type EventInput, errorText, type Header, type Millis, plural } from '@chaosproxy/history'
import type { Workload } from '@chaosproxy/workloads'

/** A violation that became certain while the history was recorded. */
export type LiveViolation = NonNullable<ReturnType<OnlineChecker['violation']>> & {
  /** What the history is not: see `Judged`. */
  readonly level: string
  /** Where the event is in the record; absent if it is lost. */
  readonly at?: { readonly path: string; readonly line: number } | undefined
}

/** A history before its first event. */
export const NOTHING_RECORDED: Judged = {
  level: 'linearizable',
  soFar: 'not certain',
  doubt: 'nothing is recorded yet',
}

/** What is known of a history so far. Whatever shows it shows this. */
export interface Judged {
  /** The level that is judged: the strongest of the model, such as `linearizable`. */
  readonly level: string
  /** Of the events that were judged. */
  readonly soFar: SoFar
  /** How many of the newest events were not judged yet; absent if all were. */
  readonly unjudged?: number | undefined
  /** Why it is `not certain`. */
  readonly doubt?: string | undefined
  readonly violation?: LiveViolation | undefined
}

export interface LiveJudge {
  /** Takes the next event of the history. It never throws. */
  push(event: EventInput): void
  /** What is known without judging many events more. */
  judged(): Judged
  /** Judges the events that were not judged yet, which takes about as long as checking them. */
  settle(): void
  /** Judges nothing more, for this reason. A violation stays certain. */
  stop(why: string): void
  /** Calls back once, when a violation is noticed. */
  onViolation(listener: (violation: LiveViolation) => void): void
}

interface JudgedHistory extends Pick<Workload, 'model' | 'initial'> {
  /** How it came to its values, as in its header. */
  readonly mapping?: Header['mapping']
  /** A monotonic clock, which limits how long one judgement takes. */
  readonly now?: (() => Millis) | undefined
  /** Whether anything depends on the verdict before the end. By default something does. */
  readonly isFollowed?: boolean | undefined
}

/**
 * Until an operation has observed anything, any system would look the same, and the answer is `not certain`, as it is of
 * a whole history.
 *
 * @param placeOf says where in the record an event is, from its position.
 */
export function createLiveJudge(
  judgedHistory: JudgedHistory,
  placeOf: (position: number) => LiveViolation['at'] = () => undefined,
): LiveJudge {
  const online = onlineCheckerFor(judgedHistory)
  const listeners: ((violation: LiveViolation) => void)[] = []
  let violation: LiveViolation | undefined
  let stopped: string | undefined
  const observation = observationOf(judgedHistory)
  let hasObserved = false
  let pushed = 0
  const doubt = (): string | undefined =>
    online.doubt() ?? (hasObserved ? undefined : `no ${observation?.what} succeeded yet`)
  function notice(certain: ReturnType<OnlineChecker['violation']>): void {
    if (certain === undefined) return
    const at = placeOf(certain.position)
    violation = { ...certain, level: online.level(), ...(at === undefined ? {} : { at }) }
    for (const listener of listeners) listener(violation)
  }
  function settle(): void {
    if (stopped === undefined) notice(online.settle())
  }
  return {
    push(event) {
      if (stopped !== undefined) return
      pushed++
      if (!hasObserved) hasObserved = event.type === 'ok' && observation?.functions?.includes(event.f) !== false
      notice(online.push(event))
    },
    settle,
    onViolation: (listener) => void listeners.push(listener),
    stop(why) {
      stopped ??= why
    },
    judged() {
      if (pushed <= FEW) settle()
      const level = online.level()
      if (violation !== undefined) return { level, soFar: online.soFar(), violation }
      const why = stopped ?? doubt()
      const unjudged = online.unjudged()
      return {
        level,
        ...(why === undefined ? { soFar: online.soFar() } : { soFar: 'not certain', doubt: why }),
        ...(unjudged === 0 ? {} : { unjudged }),
      }
    },
  }
}

/** So few events are judged each time that somebody asks: it takes a millisecond. */
const FEW = 500

/** What a history has to observe to prove anything. */
function observationOf({ model }: JudgedHistory): Need | undefined {
  try {
    return entryOf(model).needs[0]
  } catch {
    return undefined
  }
}

/** The violation with its place, and how late it was noticed, in one line. */
export function violationText({ level, sentence, position, at, noticedAfter }: LiveViolation): string {
  const place = at === undefined ? `event ${position}` : `${at.path}:${at.line}`
  const late = noticedAfter === 0 ? '' : `, noticed ${plural(noticedAfter, 'event')} later`
  return `not ${level}: ${sentence} (${place}${late})`
}

/**
 * Judges a history while it is recorded. It never throws: at an event that the checker cannot take it stops judging, and
 * leaves the history to the check at the end, which says what is wrong with it.
 */
export function onlineCheckerFor({ model, initial, mapping, now, isFollowed }: JudgedHistory): OnlineChecker {
  try {
    // Monitors of a model's own cost next to nothing.
    if (isFollowed === false && entryOf(model).online === undefined) return uncertain(UNFOLLOWED)
    return untilItThrows(createOnlineChecker({ model, initial, byRoutes: mapping === 'routes', now }))
  } catch (error) {
    // Such as an initial value that the objects cannot have.
    return uncertain(errorText(error))
  }
}

const UNFOLLOWED = 'it is not checked while recording: no option needs a verdict before the end'

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
