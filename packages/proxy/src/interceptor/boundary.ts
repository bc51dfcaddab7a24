import type { ProxyClock } from '../link/clock.ts'
import type { Conversation, Intercept, Interceptor, Stage } from './interceptor.ts'

/**
 * Opens an interceptor within a boundary: whatever it throws, from a call or from a callback that it runs with `guard`,
 * resets its own connection and no other.
 *
 * @param failed Gets the first error.
 */
export function bounded(
  intercept: Intercept,
  conversation: Omit<Conversation, 'guard'>,
  failed: (error: unknown) => void,
): Interceptor {
  let hasFailed = false
  let inner: Interceptor | undefined

  function guard(act: () => void): void {
    try {
      act()
    } catch (error) {
      fail(error)
    }
  }

  function fail(error: unknown): void {
    if (hasFailed) return
    hasFailed = true
    guard(() => inner?.failed?.(error))
    failed(error)
    conversation.abort()
  }

  function stageOf(direction: 'requests' | 'responses'): Stage {
    const within = (act: (stage: Stage) => void): void => {
      if (!hasFailed && inner !== undefined) act(inner[direction])
    }
    return {
      receive(bytes) {
        try {
          if (!hasFailed && inner !== undefined) return inner[direction].receive(bytes)
        } catch (error) {
          fail(error)
        }
        // Some of the bytes may have been passed on.
        return false
      },
      end: () => guard(() => within((stage) => stage.end())),
      reset: () => guard(() => within((stage) => stage.reset())),
      delivered(totalBytes) {
        try {
          if (!hasFailed) inner?.[direction].delivered(totalBytes)
        } catch (error) {
          fail(error)
        }
      },
      altered: () => guard(() => within((stage) => stage.altered?.())),
    }
  }

  guard(() => {
    inner = intercept({
      ...conversation,
      guard: (act) => {
        if (!hasFailed) guard(act)
      },
    })
  })
  return {
    requests: stageOf('requests'),
    responses: stageOf('responses'),
    get isIdle() {
      return inner?.isIdle === true
    },
    closed: () => guard(() => inner?.closed()),
  }
}

/** The same clock, whose callbacks run within the boundary of a connection. */
export const clockWithin = ({ guard }: Pick<Conversation, 'guard'>, clock: ProxyClock): ProxyClock => ({
  nowMs: () => clock.nowMs(),
  after: (delayMs, callback) => clock.after(delayMs, () => guard(callback)),
})
