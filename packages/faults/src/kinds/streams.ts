import { defineFault } from '../definition.ts'
import { http2CodeNames } from '../http2-codes.ts'
import { choice, ms, or } from '../parameter.ts'

/**
 * Everything of the request comes later, in this direction. Header blocks of others that come meanwhile wait behind its own:
 * compression makes each depend on those before it (RFC 7541 §2.2). What others have under way goes on.
 */
export const delayStream = defineFault({
  kind: 'delay-stream',
  summary: 'the request, or the response, comes later',
  parameters: {
    delayMs: ms('how much later'),
    jitterMs: or(ms('how far delays spread, evenly to both sides'), 0),
  },
})

const code = choice(http2CodeNames, 'why, as HTTP/2 says it')

/** Its headers go on, and then both sides are told that it is over: the client with this code, the server that it is cancelled. */
export const resetStream = defineFault({
  kind: 'reset-stream',
  summary: 'the request is ended by RST_STREAM',
  parameters: { code: or(code, 'INTERNAL_ERROR') },
})

/** Its headers go on, and the client is told that no later request on its connection will be served. */
export const goaway = defineFault({
  kind: 'goaway',
  summary: 'the client is told by GOAWAY to go elsewhere with its next request',
  parameters: { code: or(code, 'NO_ERROR') },
})
