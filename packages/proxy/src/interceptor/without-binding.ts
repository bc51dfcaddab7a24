import type { Encryption } from '@chaosproxy/wire'
import type { Intercept } from './interceptor.ts'

/** Passes everything on, except offers of login mechanisms bound to the server's own TLS, which ends at the proxy. */
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
          // The bytes may have been copied or replaced.
          return false
        },
        end: () => responses.end(),
        reset: () => responses.reset(),
        delivered: () => undefined,
      },
      closed: () => undefined,
    }
  }
