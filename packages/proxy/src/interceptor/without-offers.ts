import type { Starts, Unbinding } from '@chaosproxy/wire'
import type { Intercept } from './interceptor.ts'

/** Passes all bytes on, except offers of the server that do not work through the proxy. */
export const withoutOffers =
  (starts: (bound: () => void) => Starts): Intercept =>
  ({ requests, responses, dial, misread }) => {
    const { requests: requestReader, responses: answered } = starts(() => misread?.('channel-binding'))
    // Dial now, because either side may send first.
    dial()
    return {
      requests: {
        receive: (bytes) =>
          requestReader === undefined ? requests.pass(bytes) : passRewritten(requestReader, bytes, requests),
        end: () => requests.end(),
        reset: () => requests.reset(),
        delivered: () => undefined,
      },
      responses: {
        receive: (bytes) => passRewritten(answered, bytes, responses),
        end: () => responses.end(),
        reset: () => responses.reset(),
        delivered: () => undefined,
      },
      closed: () => undefined,
    }
  }

function passRewritten(start: Unbinding, bytes: Buffer, exit: { readonly pass: (bytes: Buffer) => boolean }): boolean {
  if (start.isOver) return exit.pass(bytes)
  const rewritten = start.rewritten(bytes)
  if (rewritten.length > 0) exit.pass(rewritten)
  // Keep the caller from reusing the memory of `bytes`, because `rewritten` may be the same buffer.
  return false
}
