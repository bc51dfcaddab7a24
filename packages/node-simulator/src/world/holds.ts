import { nanos } from '@chaosproxy/history'
import type { PlannedHold } from '@chaosproxy/simulator'

interface Turns<Life> {
  readonly queue: { readonly now: number }
  after(delayNanos: number, life: Life, run: () => void): () => void
}

interface Hold extends PlannedHold {
  state: 'waits' | 'holds' | 'over'
  /** How many more times requests must pass the await named `until` before the hold ends. */
  left: number
  release(): void
}

/** Holds requests at an await until other requests have passed a chosen await. */
export class Holds<Life> {
  readonly #turns: Turns<Life>
  readonly #holds: readonly Hold[]
  #startedAt = Number.POSITIVE_INFINITY

  constructor(turns: Turns<Life>, planned: readonly PlannedHold[]) {
    this.#turns = turns
    this.#holds = planned.map((hold) => ({ ...hold, state: 'waits', left: hold.times, release() {} }))
  }

  begin(): void {
    this.#startedAt = this.#turns.queue.now
  }

  /** Called at an await. Returns the value that the program awaits instead of `value`. */
  gone<Value>(life: Life, place: string | undefined, value: Value): Value {
    const since = nanos(this.#turns.queue.now - this.#startedAt)
    const hold = this.#holds.find(({ state, at, from }) => state === 'waits' && at === place && from <= since)
    if (hold === undefined) return value
    // The program awaits the result, so a promise may replace the value.
    return this.#held(hold, life, value) as Value
  }

  /** Called when an await has ended. */
  back(place: string | undefined): void {
    for (const hold of this.#holds) {
      if (hold.state !== 'holds' || hold.until !== place) continue
      hold.left--
      if (hold.left === 0) hold.release()
    }
  }

  #held(hold: Hold, life: Life, value: unknown): Promise<unknown> {
    hold.state = 'holds'
    return new Promise((resolve, reject) => {
      let [isOver, goOn]: [boolean, () => void] = [false, () => {}]
      const end = (): void => {
        isOver = true
        hold.state = 'over'
        goOn()
      }
      const cancel = this.#turns.after(hold.most, life, end)
      hold.release = () => {
        hold.state = 'over'
        cancel()
        // The held request continues in a separate turn. Before that turn, the request for which it waited runs on to
        // its next await.
        this.#turns.after(0, life, end)
      }
      const then = (settle: () => void): void => {
        if (isOver) settle()
        else goOn = settle
      }
      Promise.resolve(value).then(
        (result) => then(() => resolve(result)),
        (error) => then(() => reject(error)),
      )
    })
  }
}
