import type { NodeId } from '@chaosproxy/faults'
import { takeTicket } from '../routing/forwarding.ts'
import { type Message, mark, persist, send, type Turn } from './state.ts'

// The queue, with its only consumer: a view that applies events in order. The relay repeats events, so the consumer tells by
// their numbers which of them it has had (Hohpe & Woolf, "Enterprise Integration Patterns", 2003, "Idempotent Receiver").

export function handleEvents(turn: Turn, from: NodeId, { first, commands }: Message<'events'>): void {
  const { state, config } = turn
  for (const [i, command] of commands.entries()) {
    const isRepeated = first + i <= state.received
    // The mistake: whatever comes is applied.
    const isApplied = !isRepeated || config.bug === 'apply-repeats'
    if (isRepeated && isApplied) mark(turn)
    if (!isApplied) continue
    config.object.apply(state.viewed, command.input)
    persist(turn, { kind: 'received', command })
    if (!isRepeated) state.received = first + i
  }
  send(turn, from, { type: 'received', upTo: state.received })
}

export function handlePublish(turn: Turn, from: NodeId, { request, command, ticket }: Message<'publish'>): void {
  const { state, config } = turn
  if (!takeTicket(state.publications, from, ticket)) return
  config.object.apply(state.viewed, command.input)
  persist(turn, { kind: 'published', from, ticket, command })
  send(turn, from, { type: 'published', request })
}

export function handleQuery(turn: Turn, from: NodeId, { request, input }: Message<'query'>): void {
  send(turn, from, { type: 'answer', request, result: turn.config.object.apply(turn.state.viewed, input) })
}
