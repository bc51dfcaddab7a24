import type { Command } from '../command.ts'
import { takeTicket } from '../routing/forwarding.ts'
import type { Handler } from '../turn.ts'
import type { Outbox, OutboxTurn } from './state.ts'

// The database and its relay. The effect and its event are one transaction; the relay sends events in order, again and again
// until the queue confirms them (Richardson, "Microservices Patterns", 2018, §3.3.7, "Transactional outbox").

/** Events in one message. */
const BATCH = 20

export const handleCommit: Handler<Outbox, 'commit'> = (turn, { request, command, ticket }, from) => {
  const { state, config } = turn
  if (!takeTicket(state.commits, from, ticket)) return
  const result = config.object.apply(state.stored, command.input)
  if (result.type === 'ok') {
    const event = config.write === 'outbox'
    const isApart = config.bug === 'outbox-apart' || config.bug === 'outbox-in-memory'
    turn.persist({ kind: 'commit', from, ticket, command, event: event && !isApart })
    // The bug: the event has its own transaction, or none. A crash between the two, or any crash, loses the event.
    if (event && isApart) turn.mark()
    if (event && config.bug === 'outbox-apart') turn.persist({ kind: 'event', command })
    if (event) addToOutbox(turn, command)
  }
  turn.send(from, { type: 'committed', request, result })
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
  if (config.bug === 'forget-on-send') {
    // The bug: an event that was sent counts as received.
    turn.mark()
    forget(turn, sent + commands.length)
  } else turn.setTimer('relay', config.relayMs)
  turn.send(queue, { type: 'events', first: sent + 1, commands })
}

export const handleReceived: Handler<Outbox, 'received'> = (turn, { upTo }) => {
  if (upTo <= turn.state.sent) return
  forget(turn, upTo)
  turn.cancelTimer('relay')
  relay(turn)
}

function forget(turn: OutboxTurn, upTo: number): void {
  const { state } = turn
  state.outbox.splice(0, upTo - state.sent)
  state.sent = upTo
  turn.persist({ kind: 'sent', upTo })
}
