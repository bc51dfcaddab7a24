import type { Completion } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import { refused, unavailable, unsupported } from '../objects/object.ts'
import { REQUEST_LIMIT } from '../routing/routing.ts'
import { isRead, type Message, send, type Turn } from './state.ts'

// A requester: each node asks the balancer on behalf of its clients, and gives up after a time of its own.

export function handleRequest(turn: Turn, requestId: string, command: Command): void {
  const { state, config } = turn
  const isKnown = config.object.functions.includes(command.input.f)
  if (!isKnown || (config.backend === 'files' && !isRead(turn, command))) reply(turn, requestId, unsupported)
  else if (state.requests.size >= REQUEST_LIMIT) reply(turn, requestId, unavailable)
  else {
    const request = `${state.id}-${state.life}-${requestId}`
    state.requests.set(request, { requestId, command, dueAt: turn.steady + config.requesterTimeoutMs })
    send(turn, state.balancer, { type: 'ask', request, command })
  }
}

export function handleTold(turn: Turn, { request, result }: Message<'told'>): void {
  const { requests } = turn.state
  const asked = requests.get(request)
  if (asked === undefined) return
  requests.delete(request)
  reply(turn, asked.requestId, result)
}

export function checkRequests(turn: Turn): void {
  const { state, config } = turn
  for (const [request, { command, dueAt }] of [...state.requests]) {
    if (dueAt > turn.steady) continue
    const error = `requester: no answer from the balancer within ${config.requesterTimeoutMs} ms`
    handleTold(turn, {
      type: 'told',
      request,
      result: isRead(turn, command) ? refused(error) : { type: 'info', error },
    })
  }
}

const reply = ({ effects }: Turn, requestId: string, result: Completion): void => {
  effects.push({ type: 'reply', requestId, result })
}
