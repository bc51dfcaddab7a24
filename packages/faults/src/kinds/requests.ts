import { defineFault } from '../definition/definition.ts'
import {
  choice,
  copies,
  delay,
  json,
  ms,
  optional,
  or,
  perSecond,
  status,
  text,
  wholeNumber,
} from '../definition/parameter.ts'
import { maxBodyBytes } from './bodies.ts'
import { validateFields } from './edits.ts'

/** What a client gets instead of a response: a reset, or nothing. */
const silence = or(
  choice(['reset', 'hang'], 'reset: the connection of the client is reset; hang: the client gets no response'),
  'reset',
)

// Each of the next four kinds withholds the response from the client.

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
  summary: 'let the server reply, and drop the reply',
  parameters: { silence },
  actsOnReplies: true,
})

/** Delays the response. Later responses on the connection wait for it. */
export const delayReply = defineFault({
  kind: 'delay-reply',
  summary: 'delay the response',
  parameters: delay,
  actsOnReplies: true,
})

/** Delays the request. Later requests on the connection wait for it. */
export const delayRequest = defineFault({
  kind: 'delay-request',
  summary: 'delay the request',
  parameters: delay,
})

export const errorStatus = defineFault({
  kind: 'error-status',
  summary: 'answer the client with an error',
  parameters: {
    status: or(status, 503),
    body: or(text('the body of the response'), 'an injected error\n'),
    headers: optional(json('header fields of the response ({"Retry-After":"5","Content-Type":"application/json"})')),
    after: or(
      choice(
        ['nothing', 'forwarding'],
        'nothing: the server does not get the request; forwarding: the server executes the request first',
      ),
      'nothing',
    ),
  },
  validate: ({ headers }, where) => void validateFields(headers, where),
})

/** Refuses requests above the rate with 429, or with another status. */
export const rateLimit = defineFault({
  kind: 'rate-limit',
  summary: 'refuse requests above the rate',
  parameters: {
    requestsPerSecond: perSecond('the rate, in requests per second (0.5: one request every two seconds)'),
    burst: or(wholeNumber('largest number of requests in a burst', { least: 1 }), 1),
    status: or(status, 429),
    headers: optional(json('header fields of the refusal ({"Retry-After":"5"})')),
  },
  validate: ({ headers }, where) => void validateFields(headers, where),
})

/** Duplicates the request. The client sees only one response. */
export const duplicateRequest = defineFault({
  kind: 'duplicate-request',
  summary: 'send the request to the server several times',
  parameters: { copies, maxBodyBytes },
})

/** Replaces the response by an earlier response to an equal request: the last one with other content. */
export const staleReply = defineFault({
  kind: 'stale-reply',
  summary: 'return an earlier response to an equal request',
  parameters: { maxBodyBytes },
  actsOnReplies: true,
})

export const reorderReplies = defineFault({
  kind: 'reorder-replies',
  summary: 'hold the response until a response on another connection has passed it',
  parameters: { withinMs: or(ms('longest wait for a response on another connection', { most: 3_600_000 }), 1000) },
  actsOnReplies: true,
})
