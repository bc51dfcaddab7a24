import { findModel, type Need, type OnlineChecker, type SoFar } from '@chaosproxy/checker'
import type { EventInput } from '@chaosproxy/history'
import { type JudgedHistory, onlineCheckerFor } from './online.ts'

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

/** Judges a history while it is recorded. */
export interface LiveJudge {
  /** Takes the next event of the history. It never throws. */
  push(event: EventInput): void
  judged(): Judged
  /** Judges nothing more, for this reason. A violation stays certain. */
  stop(why: string): void
  /** Calls back once, at the event that makes a violation certain. */
  onViolation(listener: (violation: LiveViolation) => void): void
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
