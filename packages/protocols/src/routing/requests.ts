import { millis } from '@chaosproxy/history'
import { commandOf } from '../command.ts'
import type { MachineRequest } from '../define-machine.ts'
import { isRead, unavailable, unsupported } from '../objects/object.ts'
import { finish } from './answers.ts'
import { issueTicket } from './forwarding.ts'
import { type Origin, REQUEST_LIMIT, type Request, type RoutingTurn } from './routing.ts'

const SWEEP_MS = millis(50)

export function handleRequest(turn: RoutingTurn, clientRequest: MachineRequest): void {
  const { state, config } = turn
  const { requests } = state
  const { requestId } = clientRequest
  const command = commandOf(clientRequest)
  const refusal = !config.object.functions.includes(command.input.f)
    ? unsupported
    : requests.size >= REQUEST_LIMIT || (state.leader === undefined && config.leaderWaitMs === 0)
      ? unavailable
      : undefined
  if (refusal !== undefined) {
    turn.reply(requestId, refusal)
    return
  }
  if (requests.size === 0) turn.setTimer('requests', SWEEP_MS)
  const request: Request = {
    command,
    age: 0,
    attempts: 0,
    open: NO_ATTEMPTS,
    lastLeader: undefined,
    forwardedAtAge: 0,
  }
  requests.set(requestId, request)
  offer(turn, requestId, request)
}

const NO_ATTEMPTS: readonly number[] = []

export function offerRequests(turn: RoutingTurn): void {
  for (const [requestId, request] of turn.state.requests) offer(turn, requestId, request)
}

/**
 * Forwards a request to a known leader. If an earlier copy may still be applied, only a read or a request with a
 * session is forwarded again, because a second copy of it has no effect. A new leader gets the request immediately. The
 * same leader gets it again only after a delay.
 */
function offer(turn: RoutingTurn, requestId: string, request: Request): void {
  const { state, config } = turn
  const { leader } = state
  const { command } = request
  if (leader === undefined) return
  if (request.open.length > 0) {
    if (request.lastLeader === leader ? !isOverdue(turn, request) : config.retryMs === 0) return
    if (command.session === undefined && !isRead(config, command)) return
  }
  if (request.attempts === 0) request.age = 0
  request.lastLeader = leader
  request.forwardedAtAge = request.age
  request.attempts++
  request.open = request.open.length === 0 ? [request.attempts] : [...request.open, request.attempts]
  const origin: Origin = { node: state.id, requestId, attempt: request.attempts }
  if (leader === state.id) {
    config.serve(turn, origin, command)
    return
  }
  turn.send(leader, { type: 'forward', origin, command, ticket: issueTicket(state.forwarding) })
}

/** Whether the answer to a request is overdue. Never true if this node is the leader: it loses no message to itself. */
const isOverdue = ({ state, config }: RoutingTurn, { lastLeader, age, forwardedAtAge }: Request): boolean =>
  config.retryMs > 0 && lastLeader !== state.id && (age - forwardedAtAge) * SWEEP_MS >= config.retryMs

export function sweepRequests(turn: RoutingTurn): void {
  const { state, config } = turn
  for (const [requestId, request] of state.requests) {
    request.age++
    const ageMs = request.age * SWEEP_MS
    if (request.open.length === 0 && ageMs > config.leaderWaitMs) finish(turn, requestId, unavailable)
    else if (ageMs > config.requestTimeoutMs)
      finish(
        turn,
        requestId,
        isRead(config, request.command)
          ? unavailable
          : {
              type: 'info',
              error: `no answer from ${request.lastLeader}, to which the request was handed`,
            },
      )
    else offer(turn, requestId, request)
  }
  if (state.requests.size > 0) turn.setTimer('requests', SWEEP_MS)
}
