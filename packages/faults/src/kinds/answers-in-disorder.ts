import { defineFault } from '../definition/definition.ts'
import { ms, or, wholeNumber } from '../definition/parameter.ts'
import { maxBodyBytes } from './bodies.ts'

/** The client sees only one answer. */
export const duplicateRequest = defineFault({
  kind: 'duplicate-request',
  summary: 'send the request to the server several times',
  parameters: { copies: or(wholeNumber('number of extra copies', { least: 1, most: 100 }), 1), maxBodyBytes },
})

/** Gives the answer that the same request had before the answer last changed. */
export const staleReply = defineFault({
  kind: 'stale-reply',
  summary: 'the client gets an earlier response to the same request',
  parameters: { maxBodyBytes },
  actsOnReplies: true,
})

export const reorderReplies = defineFault({
  kind: 'reorder-replies',
  summary: 'hold the response until one on another connection has passed it',
  parameters: { withinMs: or(ms('longest wait for one', { most: 3_600_000 }), 1000) },
  actsOnReplies: true,
})
