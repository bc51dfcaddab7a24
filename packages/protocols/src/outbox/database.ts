import type { Command } from '../command.ts'
import { takeTicket } from '../routing/forwarding.ts'
import type { Handlers } from '../turn.ts'
import type { Outbox, OutboxTurn } from './state.ts'

// The database and its relay. An effect and its event are one transaction; the relay repeats events, in order, until
// the queue confirms them (Richardson, "Microservices Patterns", 2018, §3.3.7, "Transactional outbox").

/** The number of events in one message. */
const BATCH = 20

export const databaseMessages: Handlers<Outbox, 'commit' | 'received' | 'events' | 'publish' | 'query'> = {
  commit(turn, { request, command, ticket }, from) {
    const { state, config } = turn
    if (!takeTicket(state.commits, from, ticket)) return
    const result = config.object.apply(state.stored, command.input)
    if (result.type === 'ok') {
      const event = config.write === 'outbox'
      const isApart = config.bug === 'outbox-apart' || config.bug === 'outbox-in-memory'
      turn.persist({ kind: 'commit', from, ticket, command, event: event && !isApart })
      // Two bugs. `outbox-apart`: the event is a separate record, which a crash may prevent. `outbox-in-memory`: the
      // event is not recorded.
      if (event && isApart) turn.mark()
      if (event && config.bug === 'outbox-apart') turn.persist({ kind: 'event', command })
      if (event) addToOutbox(turn, command)
    }
    turn.send(from, { type: 'committed', request, result })
  },
  received(turn, { upTo }) {
    if (upTo <= turn.state.sent) return
    forget(turn, upTo)
    turn.cancelTimer('relay')
    relay(turn)
  },
  events(turn, { first, commands }, from) {
    const { state, config } = turn
    for (const [i, command] of commands.entries()) {
      const isRepeated = first + i <= state.received
      // The bug: every event is applied, including duplicates.
      const isApplied = !isRepeated || config.bug === 'apply-repeats'
      if (isRepeated && isApplied) turn.mark()
      if (!isApplied) continue
      config.object.apply(state.viewed, command.input)
      turn.persist({ kind: 'received', command })
      if (!isRepeated) state.received = first + i
    }
    turn.send(from, { type: 'received', upTo: state.received })
  },
  publish(turn, { request, command, ticket }, from) {
    const { state, config } = turn
    if (!takeTicket(state.publications, from, ticket)) return
    config.object.apply(state.viewed, command.input)
    turn.persist({ kind: 'published', from, ticket, command })
    turn.send(from, { type: 'published', request })
  },
  query(turn, { request, input }, from) {
    turn.send(from, { type: 'answer', request, result: turn.config.object.apply(turn.state.viewed, input) })
  },
}

function addToOutbox(turn: OutboxTurn, command: Command): void {
  const { outbox } = turn.state
  outbox.push(command)
  if (outbox.length === 1) relay(turn)
}

export function relay(turn: OutboxTurn): void {
  const { state, config } = turn
  const { outbox, queue, sent } = state
  if (outbox.length === 0) return
  const commands = outbox.slice(0, BATCH)
  if (turn.suffers('forget-on-send')) {
    // The bug: an event counts as received once it is sent.
    forget(turn, sent + commands.length)
  } else turn.setTimer('relay', config.relayMs)
  turn.send(queue, { type: 'events', first: sent + 1, commands })
}

function forget(turn: OutboxTurn, upTo: number): void {
  const { state } = turn
  state.outbox.splice(0, upTo - state.sent)
  state.sent = upTo
  turn.persist({ kind: 'sent', upTo })
}

// Handles events at the queue's only consumer, which is a view. The relay repeats events, so the consumer recognises
// duplicates by their numbers (Hohpe & Woolf, "Enterprise Integration Patterns", 2003, "Idempotent Receiver").
