import type { ProxyClock } from '../link/clock.ts'
import type { Conversation, Intercept, Interceptor, Stage } from './interceptor.ts'

/**
 * Opens an interceptor whose errors reset its own connection and no other.
 *
 * @param failed receives the first error.
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

  guard(() => {
    inner = intercept({
      ...conversation,
      guard: (act) => {
        if (!hasFailed) guard(act)
      },
    })
  })

  function stageOf(stage: Stage | undefined): Stage {
    const within = (act: (stage: Stage) => void): void => {
      if (!hasFailed && stage !== undefined) guard(() => act(stage))
    }
    return {
      receive(bytes) {
        if (hasFailed || stage === undefined) return false
        try {
          return stage.receive(bytes)
        } catch (error) {
          fail(error)
          // The interceptor may have passed on some of the bytes before it threw the error.
          return false
        }
      },
      end: () => within((each) => each.end()),
      reset: () => within((each) => each.reset()),
      delivered(totalBytes) {
        if (hasFailed || stage === undefined) return
        try {
          stage.delivered(totalBytes)
        } catch (error) {
          fail(error)
        }
      },
      altered: () => within((each) => each.altered?.()),
    }
  }

  return {
    requests: stageOf(inner?.requests),
    responses: stageOf(inner?.responses),
    get isIdle() {
      return inner?.isIdle === true
    },
    closed: () => guard(() => inner?.closed()),
  }
}

/**
 * Returns a clock for an interceptor. If a callback throws an error, only the interceptor's own connection is reset.
 */
export const clockWithin = ({ guard }: Pick<Conversation, 'guard'>, clock: ProxyClock): ProxyClock => ({
  nowMs: () => clock.nowMs(),
  after: (delayMs, callback) => clock.after(delayMs, () => guard(callback)),
})
