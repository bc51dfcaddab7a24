import { defineFault } from '../definition.ts'
import { bytes, ms, or } from '../parameter.ts'

const pieces = {
  pieceBytes: or(bytes('size of a piece', { least: 1 }), 1),
  pauseMs: or(ms('pause before each piece'), 10),
}

export const trickleRequest = defineFault({
  kind: 'trickle-request',
  summary: "the request's body comes in small pieces",
  parameters: pieces,
})

export const trickleReply = defineFault({
  kind: 'trickle-reply',
  summary: "the answer's body comes in small pieces",
  parameters: pieces,
  actsOnReplies: true,
})

export const truncateReply = defineFault({
  kind: 'truncate-reply',
  summary: "the connection is reset in the middle of the answer's body",
  parameters: { bytes: or(bytes('how much of the body comes'), 0) },
  actsOnReplies: true,
})
