import { takeTicket } from '../routing/forwarding.ts'
import type { Handler } from '../turn.ts'
import type { Outbox } from './state.ts'

// The queue, with its only consumer: a view that applies events in order. The relay repeats events, so the consumer
// recognises duplicates by their numbers (Hohpe & Woolf, "Enterprise Integration Patterns", 2003, "Idempotent
// Receiver").

export const handleEvents: Handler<Outbox, 'events'> = (turn, { first, commands }, from) => {
  const { state, config } = turn
  for (const [i, command] of commands.entries()) {
    const isRepeated = first + i <= state.received
    // The bug: every event is applied, whether it is a duplicate or not.
    const isApplied = !isRepeated || config.bug === 'apply-repeats'
    if (isRepeated && isApplied) turn.mark()
    if (!isApplied) continue
    config.object.apply(state.viewed, command.input)
    turn.persist({ kind: 'received', command })
    if (!isRepeated) state.received = first + i
  }
  turn.send(from, { type: 'received', upTo: state.received })
}

export const handlePublish: Handler<Outbox, 'publish'> = (turn, { request, command, ticket }, from) => {
  const { state, config } = turn
  if (!takeTicket(state.publications, from, ticket)) return
  config.object.apply(state.viewed, command.input)
  turn.persist({ kind: 'published', from, ticket, command })
  turn.send(from, { type: 'published', request })
}

export const handleQuery: Handler<Outbox, 'query'> = (turn, { request, input }, from) => {
  turn.send(from, { type: 'answer', request, result: turn.config.object.apply(turn.state.viewed, input) })
}
