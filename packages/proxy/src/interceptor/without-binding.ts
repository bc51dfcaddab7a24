import type { Encryption } from '@chaosproxy/wire'
import type { Intercept } from './interceptor.ts'

/** Passes all on, but for offers to log in that hold for the server's own TLS only, which ends at the proxy. */
export const withoutBinding =
  (encryption: Encryption): Intercept =>
  ({ requests, responses, dial }) => {
    const unbinding = encryption.unbinding()
    // Either side may speak first.
    dial()
    return {
      requests: {
        receive: (bytes) => requests.pass(bytes),
        end: () => requests.end(),
        reset: () => requests.reset(),
        delivered: () => undefined,
      },
      responses: {
        receive(bytes) {
          if (unbinding.isOver) return responses.pass(bytes)
          const rewritten = unbinding.rewritten(bytes)
          if (rewritten.length > 0) responses.pass(rewritten)
          // What was passed on may be other memory, or is copied.
          return false
        },
        end: () => responses.end(),
        reset: () => responses.reset(),
        delivered: () => undefined,
      },
      closed: () => undefined,
    }
  }
