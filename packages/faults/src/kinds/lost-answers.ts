import { defineFault } from '../definition.ts'
import { choice, ms, or } from '../parameter.ts'

/** How a client is left without an answer. */
const silence = or(
  choice(['reset', 'hang'], 'reset: the client sees its connection reset; hang: it sees nothing'),
  'reset',
)
const delay = {
  delayMs: ms('how much later'),
  jitterMs: or(ms('how far delays spread, evenly to both sides'), 0),
}

// The first four kinds are the four ways not to get an answer.

export const loseRequest = defineFault({
  kind: 'lose-request',
  summary: 'the request never reaches the server',
  parameters: { silence },
})

export const crashBeforeReply = defineFault({
  kind: 'crash-before-reply',
  summary: 'the server gets the request and is gone before it answers',
  parameters: {},
})

export const loseReply = defineFault({
  kind: 'lose-reply',
  summary: 'the server answers, and the client never hears of it',
  parameters: { silence },
  actsOnReplies: true,
})

/** Later answers on the connection wait for it. */
export const delayReply = defineFault({
  kind: 'delay-reply',
  summary: 'the answer comes later',
  parameters: delay,
  actsOnReplies: true,
})

/** Later requests on the connection wait for it. */
export const delayRequest = defineFault({
  kind: 'delay-request',
  summary: 'the request reaches the server later',
  parameters: delay,
})
