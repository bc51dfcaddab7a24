import type { Completion } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import { refused, unavailable, unsupported } from '../objects/object.ts'
import { REQUEST_LIMIT } from '../routing/routing.ts'
import { type BalancerTurn, isRead } from './state.ts'

// A requester: each node asks the balancer on behalf of its clients, and gives up after its own timeout.

export function handleRequest(turn: BalancerTurn, requestId: string, command: Command): void {
  const { state, config } = turn
  const isKnown = config.object.functions.includes(command.input.f)
  if (!isKnown || (config.backend === 'files' && !isRead(turn, command))) turn.reply(requestId, unsupported)
  else if (state.requests.size >= REQUEST_LIMIT) turn.reply(requestId, unavailable)
  else {
    const request = `${state.id}-${state.life}-${requestId}`
    state.requests.set(request, { requestId, command, dueAt: turn.steady + config.requesterTimeoutMs })
    turn.send(state.balancer, { type: 'ask', request, command })
  }
}

/** The balancer has answered, or took too long. */
export function end(turn: BalancerTurn, request: string, result: Completion): void {
  const { requests } = turn.state
  const asked = requests.get(request)
  if (asked === undefined) return
  requests.delete(request)
  turn.reply(asked.requestId, result)
}

export function checkRequests(turn: BalancerTurn): void {
  const { state, config } = turn
  for (const [request, { command, dueAt }] of [...state.requests]) {
    if (dueAt > turn.steady) continue
    const error = `requester: no answer from the balancer within ${config.requesterTimeoutMs} ms`
    end(turn, request, isRead(turn, command) ? refused(error) : { type: 'info', error })
  }
}
