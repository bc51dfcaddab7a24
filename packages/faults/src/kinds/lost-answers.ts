import { defineFault } from '../definition/definition.ts'
import { choice, ms, or } from '../definition/parameter.ts'

/** How a client is left without an answer. */
const silence = or(
  choice(['reset', 'hang'], 'reset: the client sees its connection reset; hang: it sees nothing'),
  'reset',
)
const delay = {
  delayMs: ms('the delay'),
  jitterMs: or(ms('jitter: uniform, ± this much'), 0),
}

// The first four kinds are the four ways not to get an answer.

export const loseRequest = defineFault({
  kind: 'lose-request',
  summary: 'drop the request before it reaches the server',
  parameters: { silence },
})

export const crashBeforeReply = defineFault({
  kind: 'crash-before-reply',
  summary: 'reset the connection after the server has the request and before it replies',
  parameters: {},
})

export const loseReply = defineFault({
  kind: 'lose-reply',
  summary: 'the server replies, and the reply is lost',
  parameters: { silence },
  actsOnReplies: true,
})

/** Later answers on the connection wait for it. */
export const delayReply = defineFault({
  kind: 'delay-reply',
  summary: 'delay the response',
  parameters: delay,
  actsOnReplies: true,
})

/** Later requests on the connection wait for it. */
export const delayRequest = defineFault({
  kind: 'delay-request',
  summary: 'delay the request',
  parameters: delay,
})
