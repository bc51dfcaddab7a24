import {
  createOnlineChecker,
  findModel,
  type Need,
  type OnlineChecker,
  onlineModel,
  type SoFar,
} from '@chaosproxy/checker'
import { type EventInput, errorText, type Header } from '@chaosproxy/history'
import type { Workload } from '@chaosproxy/workloads'

/** A violation of linearizability that became certain while the history was recorded. */
export type LiveViolation = NonNullable<ReturnType<OnlineChecker['violation']>> & {
  /** Where the event is in the record; absent if it is lost. */
  readonly at?: { readonly path: string; readonly line: number } | undefined
}

/** What is known of a history so far. Whatever shows it shows this. */
export interface Judged {
  readonly soFar: SoFar
  /** Why it is `not certain`. */
  readonly doubt?: string | undefined
  readonly violation?: LiveViolation | undefined
}

export interface LiveJudge {
  /** Takes the next event of the history. It never throws. */
  push(event: EventInput): void
  judged(): Judged
  /** Judges nothing more, for this reason. A violation stays certain. */
  stop(why: string): void
  /** Calls back once, at the event that makes a violation certain. */
  onViolation(listener: (violation: LiveViolation) => void): void
}

interface JudgedHistory extends Pick<Workload, 'model' | 'initial'> {
  /** How it came to its values, as in its header. */
  readonly mapping?: Header['mapping']
}

/**
 * Until an operation has observed anything, any system would look the same, and the answer is `not certain`, as it is of
 * a whole history.
 *
 * @param placeOf says where in the record the event is that was pushed last, from its position.
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
  const doubt = (): string | undefined =>
    online.doubt() ?? (hasObserved ? undefined : `no ${observation?.what} succeeded yet`)
  return {
    push(event) {
      if (stopped !== undefined) return
      if (!hasObserved) hasObserved = event.type === 'ok' && observation?.functions?.includes(event.f) !== false
      const certain = online.push(event)
      if (certain === undefined) return
      const at = placeOf(certain.position)
      violation = at === undefined ? certain : { ...certain, at }
      for (const listener of listeners) listener(violation)
    },
    onViolation: (listener) => void listeners.push(listener),
    stop(why) {
      stopped ??= why
    },
    judged() {
      if (violation !== undefined) return { soFar: online.soFar(), violation }
      const why = stopped ?? doubt()
      return why === undefined ? { soFar: online.soFar() } : { soFar: 'not certain', doubt: why }
    },
  }
}

/** What a history has to observe to prove anything; undefined for a model that is judged only at the end. */
const observationOf = ({ model }: JudgedHistory): Need | undefined =>
  typeof model === 'string' ? findModel(model)?.needs[0] : undefined

/** The violation with its place, in one line. */
export const violationText = ({ sentence, position, at }: LiveViolation): string =>
  `not linearizable: ${sentence} (${at === undefined ? `event ${position}` : `${at.path}:${at.line}`})`

/**
 * Judges a history while it is recorded, if its model can; otherwise never reports a certain violation. It never
 * throws: at an event that the checker cannot take it stops judging, and leaves the history to the check at the end,
 * which says what is wrong with it.
 */
export function onlineCheckerFor({ model, initial, mapping }: JudgedHistory): OnlineChecker {
  const known = onlineModel(model)
  if (known === undefined) return uncertain('objects of this kind are judged only at the end')
  try {
    return untilItThrows(createOnlineChecker({ model: known, initial, byRoutes: mapping === 'routes' }))
  } catch (error) {
    // Such as an initial value that the objects cannot have.
    return uncertain(errorText(error))
  }
}

const uncertain = (why: string): OnlineChecker => ({
  push: () => undefined,
  soFar: () => 'not certain',
  violation: () => undefined,
  doubt: () => why,
  retained: () => 0,
})

function untilItThrows(checker: OnlineChecker): OnlineChecker {
  let current = checker
  return {
    push(event) {
      try {
        return current.push(event)
      } catch (error) {
        current = uncertain(errorText(error))
        return undefined
      }
    },
    soFar: () => current.soFar(),
    violation: () => current.violation(),
    doubt: () => current.doubt(),
    retained: () => current.retained(),
  }
}
