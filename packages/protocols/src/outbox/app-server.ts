import { type Completion, millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import { refused, unavailable } from '../objects/object.ts'
import { issueTicket } from '../routing/forwarding.ts'
import { REQUEST_LIMIT } from '../routing/routing.ts'
import type { Handlers } from '../turn.ts'
import type { Outbox, OutboxTurn } from './state.ts'

// This file is about app servers. With an outbox, an app server writes only to the database. In a dual write, it writes
// to the database and to the queue, one after the other. Nothing ensures that both writes happen, or that they happen
// in the same order (Kleppmann, "Designing Data-Intensive Applications", 2017, ch. 11, "Keeping Systems in Sync").

const CHECK_MS = millis(20)

export function handleRequest(turn: OutboxTurn, requestId: string, command: Command): void {
  const { state, config } = turn
  const { object, write } = config
  const { f } = command.input
  if (state.calls.size >= REQUEST_LIMIT) turn.reply(requestId, unavailable)
  else if (object.reads.includes(f) && state.id === state.database)
    turn.reply(requestId, object.apply(state.stored, command.input))
  else {
    const request = `${state.life}-${requestId}`
    if (state.calls.size === 0) turn.setTimer('calls', CHECK_MS)
    state.calls.set(request, { requestId, command, dueAt: turn.steady + config.requestTimeoutMs })
    if (object.reads.includes(f)) turn.send(state.queue, { type: 'query', request, input: command.input })
    else if (write === 'queue-then-database') publish(turn, request, command)
    else commit(turn, request, command)
  }
}

function commit(turn: OutboxTurn, request: string, command: Command): void {
  const { database, toDatabase } = turn.state
  turn.send(database, { type: 'commit', request, command, ticket: issueTicket(toDatabase) })
}

function publish(turn: OutboxTurn, request: string, command: Command): void {
  const { queue, toQueue } = turn.state
  turn.send(queue, { type: 'publish', request, command, ticket: issueTicket(toQueue) })
}

export const appServerMessages: Handlers<Outbox, 'committed' | 'published' | 'answer'> = {
  committed(turn, { request, result }) {
    const call = turn.state.calls.get(request)
    if (call === undefined) return
    if (turn.config.write === 'database-then-queue' && result.type === 'ok') publish(turn, request, call.command)
    else end(turn, request, result)
  },
  published(turn, { request }) {
    const call = turn.state.calls.get(request)
    if (call === undefined) return
    const { input } = call.command
    if (turn.config.write === 'queue-then-database') commit(turn, request, call.command)
    else end(turn, request, { type: 'ok', value: input.value })
  },
  answer: (turn, { request, result }) => end(turn, request, result),
}

function end(turn: OutboxTurn, request: string, result: Completion): void {
  const { calls } = turn.state
  const call = calls.get(request)
  if (call === undefined) return
  calls.delete(request)
  if (calls.size === 0) turn.cancelTimer('calls')
  turn.reply(call.requestId, result)
}

export function checkCalls(turn: OutboxTurn): void {
  const { state, config } = turn
  for (const [request, { command, dueAt }] of [...state.calls]) {
    if (dueAt > turn.steady) continue
    const isRead = config.object.reads.includes(command.input.f)
    end(turn, request, isRead ? refused('no answer') : { type: 'info', error: 'no answer' })
  }
  if (state.calls.size > 0) turn.setTimer('calls', CHECK_MS)
}
