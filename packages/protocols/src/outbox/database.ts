import type { NodeId } from '@chaosproxy/faults'
import type { Command } from '../command.ts'
import { takeTicket } from '../routing/forwarding.ts'
import { type Message, mark, persist, send, type Turn } from './state.ts'

// The database and its relay. The effect and its event are one transaction; the relay sends events in order, again and again
// until the queue confirms them (Richardson, "Microservices Patterns", 2018, §3.3.7, "Transactional outbox").

/** Events in one message. */
const BATCH = 20

export function handleCommit(turn: Turn, from: NodeId, { request, command, ticket }: Message<'commit'>): void {
  const { state, config } = turn
  if (!takeTicket(state.commits, from, ticket)) return
  const result = config.object.apply(state.stored, command.input)
  if (result.type === 'ok') {
    const event = config.write === 'outbox'
    const isApart = config.bug === 'outbox-apart' || config.bug === 'outbox-in-memory'
    persist(turn, { kind: 'commit', from, ticket, command, event: event && !isApart })
    // The mistake: a transaction of its own, or none. A crash between the two, or any, loses the event.
    if (event && isApart) mark(turn)
    if (event && config.bug === 'outbox-apart') persist(turn, { kind: 'event', command })
    if (event) addToOutbox(turn, command)
  }
  send(turn, from, { type: 'committed', request, result })
}

function addToOutbox(turn: Turn, command: Command): void {
  const { outbox } = turn.state
  outbox.push(command)
  if (outbox.length === 1) relay(turn)
}

export function relay(turn: Turn): void {
  const { state, config } = turn
  const { outbox, queue, sent } = state
  if (outbox.length === 0) return
  const commands = outbox.slice(0, BATCH)
  if (config.bug === 'forget-on-send') {
    // The mistake: what was sent counts as received.
    mark(turn)
    forget(turn, sent + commands.length)
  } else turn.effects.push({ type: 'setTimer', timer: 'relay', afterMs: config.relayMs })
  send(turn, queue, { type: 'events', first: sent + 1, commands })
}

export function handleReceived(turn: Turn, { upTo }: Message<'received'>): void {
  if (upTo <= turn.state.sent) return
  forget(turn, upTo)
  turn.effects.push({ type: 'cancelTimer', timer: 'relay' })
  relay(turn)
}

function forget(turn: Turn, upTo: number): void {
  const { state } = turn
  state.outbox.splice(0, upTo - state.sent)
  state.sent = upTo
  persist(turn, { kind: 'sent', upTo })
}
