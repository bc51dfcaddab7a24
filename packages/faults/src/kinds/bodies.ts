import { defineFault } from '../definition/definition.ts'
import { bytes, ms, optional, or } from '../definition/parameter.ts'

const pieces = {
  pieceBytes: or(bytes('size of a piece', { least: 1 }), 1),
  pauseMs: or(ms('pause before each piece'), 10),
}

/**
 * The size limit for faults that buffer the whole body. A larger body passes unchanged, and counts as a miss of the
 * fault.
 */
export const maxBodyBytes = optional(
  bytes('largest body that the fault buffers; larger bodies pass unchanged; 1 MiB unless given', { most: 64 << 20 }),
)

export const trickleRequest = defineFault({
  kind: 'trickle-request',
  summary: 'send the request body in small pieces',
  parameters: pieces,
})

export const trickleReply = defineFault({
  kind: 'trickle-reply',
  summary: 'send the response body in small pieces',
  parameters: pieces,
  actsOnReplies: true,
})

export const truncateReply = defineFault({
  kind: 'truncate-reply',
  summary: 'reset the connection in the middle of the response body',
  parameters: { bytes: or(bytes('number of bytes of the body that arrive before the reset'), 0) },
  actsOnReplies: true,
})
