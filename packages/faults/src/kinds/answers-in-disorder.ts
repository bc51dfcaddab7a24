import { defineFault } from '../definition.ts'
import { count, ms, or } from '../parameter.ts'

/** The client sees only one answer. */
export const duplicateRequest = defineFault({
  kind: 'duplicate-request',
  summary: 'the server gets the request several times',
  parameters: { copies: or(count('how many come on top of it', { least: 1, most: 100 }), 1) },
})

/** Gives the answer that the same request had before the answer last changed. */
export const staleReply = defineFault({
  kind: 'stale-reply',
  summary: 'the client gets an answer of before the last change',
  parameters: {},
  actsOnReplies: true,
})

export const reorderReplies = defineFault({
  kind: 'reorder-replies',
  summary: 'the answer waits until that of another connection has overtaken it',
  parameters: { withinMs: or(ms('how long it waits for one at most', { most: 3_600_000 }), 1000) },
  actsOnReplies: true,
})
