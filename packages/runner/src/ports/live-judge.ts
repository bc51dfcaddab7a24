import type { OnlineChecker, SoFar } from '@chaosproxy/checker'
import type { EventInput } from '@chaosproxy/history'

/** A violation that the online checker found, and that no check of the events recorded so far contradicts. */
export type LiveViolation = NonNullable<ReturnType<OnlineChecker['violation']>> & {
  /** The violated level: see `Judged`. */
  readonly level: string
  readonly at?: { readonly path: string; readonly line: number } | undefined
}

/** The verdict on a history so far, as every screen shows it. */
export interface Judged {
  /** The level that is judged: the strongest of the model, such as `linearizable`. */
  readonly level: string
  /** The verdict on the events judged until now. */
  readonly soFar: SoFar
  /** Number of the newest events that are not judged yet; absent if all are. */
  readonly unjudged?: number | undefined
  /** Explains a `soFar` of `not certain`. */
  readonly doubt?: string | undefined
  readonly violation?: LiveViolation | undefined
}

export interface LiveJudge {
  /** Takes the next event of the history. It never throws. */
  push(event: EventInput): void
  /** Returns the verdict so far, judging at most a few more events. */
  judged(): Judged
  /**
   * Judges the remaining events. To confirm the verdict, may check all events so far, which takes as long as a final
   * check.
   */
  settle(): void
  /** Stops judging, for the reason `why`. Later verdicts are not certain, but a violation stays certain. */
  stop(why: string): void
  /** Calls the listener once, when a violation is noticed. */
  onViolation(listener: (violation: LiveViolation) => void): void
}
