import { type Completion, millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import { refused, unavailable, unsupported } from '../objects/object.ts'
import { issueTicket } from '../routing/forwarding.ts'
import { REQUEST_LIMIT } from '../routing/routing.ts'
import { type Message, send, type Turn } from './state.ts'

// An app server. With an outbox it writes to the database and is done. In a dual write it writes to the database and to the
// queue, one after the other: nothing makes both happen, and two app servers may come to the two in different orders
// (Kleppmann, "Designing Data-Intensive Applications", 2017, ch. 11, "Keeping Systems in Sync").

/** How often calls are checked for their time. */
const CHECK_MS = millis(20)

export function handleRequest(turn: Turn, requestId: string, command: Command): void {
  const { state, config } = turn
  const { object, write } = config
  const { f } = command.input
  if (!object.functions.includes(f)) reply(turn, requestId, unsupported)
  else if (state.calls.size >= REQUEST_LIMIT) reply(turn, requestId, unavailable)
  else if (object.reads.includes(f) && state.id === state.database)
    reply(turn, requestId, object.apply(state.stored, command.input))
  else {
    const request = `${state.life}-${requestId}`
    if (state.calls.size === 0) turn.effects.push({ type: 'setTimer', timer: 'calls', afterMs: CHECK_MS })
    state.calls.set(request, { requestId, command, dueAt: turn.steady + config.timeoutMs })
    if (object.reads.includes(f)) send(turn, state.queue, { type: 'query', request, input: command.input })
    else if (write === 'queue-then-database') publish(turn, request, command)
    else commit(turn, request, command)
  }
}

function commit(turn: Turn, request: string, command: Command): void {
  const { database, toDatabase } = turn.state
  send(turn, database, { type: 'commit', request, command, ticket: issueTicket(toDatabase) })
}

function publish(turn: Turn, request: string, command: Command): void {
  const { queue, toQueue } = turn.state
  send(turn, queue, { type: 'publish', request, command, ticket: issueTicket(toQueue) })
}

export function handleCommitted(turn: Turn, { request, result }: Message<'committed'>): void {
  const call = turn.state.calls.get(request)
  if (call === undefined) return
  if (turn.config.write === 'database-then-queue' && result.type === 'ok') publish(turn, request, call.command)
  else end(turn, request, result)
}

export function handlePublished(turn: Turn, { request }: Message<'published'>): void {
  const call = turn.state.calls.get(request)
  if (call === undefined) return
  const { input } = call.command
  if (turn.config.write === 'queue-then-database') commit(turn, request, call.command)
  else end(turn, request, { type: 'ok', value: input.value })
}

export const handleAnswer = (turn: Turn, { request, result }: Message<'answer'>): void => end(turn, request, result)

function end(turn: Turn, request: string, result: Completion): void {
  const { calls } = turn.state
  const call = calls.get(request)
  if (call === undefined) return
  calls.delete(request)
  if (calls.size === 0) turn.effects.push({ type: 'cancelTimer', timer: 'calls' })
  reply(turn, call.requestId, result)
}

/** What is overdue may have happened in the database, in the queue, in both or in neither. */
export function checkCalls(turn: Turn): void {
  const { state, config } = turn
  for (const [request, { command, dueAt }] of [...state.calls]) {
    if (dueAt > turn.steady) continue
    const isRead = config.object.reads.includes(command.input.f)
    end(turn, request, isRead ? refused('no answer') : { type: 'info', error: 'no answer' })
  }
  if (state.calls.size > 0) turn.effects.push({ type: 'setTimer', timer: 'calls', afterMs: CHECK_MS })
}

const reply = ({ effects }: Turn, requestId: string, result: Completion): void => {
  effects.push({ type: 'reply', requestId, result })
}
