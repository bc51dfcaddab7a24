import type { Completion } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import { isRead, ok, refused, UNKEYED, unavailable } from '../objects/object.ts'
import { issueTicket } from '../routing/forwarding.ts'
import { REQUEST_LIMIT } from '../routing/routing.ts'
import type { Handlers } from '../turn.ts'
import type { Broker, BrokerTurn, Call } from './state.ts'
import { readCopy } from './topics.ts'

// Handles a client's request at its gateway, by the configured `delivery` (MQTT 5.0, OASIS 2019, §4.3, QoS 0 to 2). The
// gateway sends the request to the broker. To settle a message is to have the broker remove it from its queue.
//
// - At most once: the gateway sends each request once. The broker removes a message when it sends the message.
// - At least once: the gateway repeats each request until the broker answers, and settles a message after passing it on
//   to the client.
// - Exactly once: the gateway also repeats requests. Requests other than dequeues have keys by which the broker
//   recognises repetitions. The gateway settles a message before passing it on.

export function handleRequest(turn: BrokerTurn, requestId: string, command: Command): void {
  const { state, config } = turn
  const own = readCopy(turn, command)
  if (own !== undefined) turn.reply(requestId, own)
  else if (state.calls.size >= REQUEST_LIMIT) turn.reply(requestId, unavailable)
  else {
    if (state.calls.size === 0) askAgainLater(turn)
    const request = `${state.id}-${state.life}-${requestId}`
    const call: Call = { requestId, command, dueAt: turn.steady + config.requestTimeoutMs }
    state.calls.set(request, call)
    ask(turn, request, call)
  }
}

const isDequeue = ({ config }: BrokerTurn, { command }: Call): boolean =>
  config.object.name === 'queue' && command.input.f === 'dequeue'

const queueOf = ({ command }: Call): string => command.input.key ?? UNKEYED

function ask(turn: BrokerTurn, request: string, call: Call): void {
  const { state, config } = turn
  const { broker } = state
  const ticket = issueTicket(state.sending)
  if (call.inHand !== undefined)
    turn.send(broker, { type: 'settle', request, queue: queueOf(call), receipt: call.inHand.receipt })
  else if (isDequeue(turn, call)) turn.send(broker, { type: 'fetch', request, queue: queueOf(call), ticket })
  else {
    const key = config.delivery === 'exactly-once' ? { key: request } : {}
    turn.send(broker, { type: 'do', request, command: call.command, ticket, ...key })
  }
}

export const gatewayMessages: Handlers<Broker, 'fetched' | 'settled' | 'did'> = {
  fetched(turn, { request, value, receipt }) {
    const { state, config } = turn
    const call = state.calls.get(request)
    if (call === undefined || call.inHand !== undefined) return
    if (receipt === undefined) end(turn, request, ok(value))
    else if (config.delivery === 'exactly-once') {
      const withMessage: Call = { ...call, inHand: { value, receipt } }
      state.calls.set(request, withMessage)
      ask(turn, request, withMessage)
    } else {
      end(turn, request, ok(value))
      turn.send(state.broker, { type: 'settle', request, queue: queueOf(call), receipt })
    }
  },
  settled(turn, { request, receipt, accepted }) {
    const { calls } = turn.state
    const call = calls.get(request)
    if (call?.inHand?.receipt !== receipt) return
    if (accepted) end(turn, request, ok(call.inHand.value))
    else {
      const { requestId, command, dueAt } = call
      const withoutMessage: Call = { requestId, command, dueAt }
      calls.set(request, withoutMessage)
      ask(turn, request, withoutMessage)
    }
  },
  did: (turn, { request, result }) => end(turn, request, result),
}

export function askAgain(turn: BrokerTurn): void {
  const { state, config } = turn
  for (const [request, call] of [...state.calls])
    if (turn.steady >= call.dueAt) end(turn, request, givenUp(turn, call))
    else if (config.delivery !== 'at-most-once') ask(turn, request, call)
  if (state.calls.size > 0) askAgainLater(turn)
}

function givenUp(turn: BrokerTurn, call: Call): Completion {
  const { delivery } = turn.config
  if (isDequeue(turn, call)) {
    if (delivery !== 'exactly-once') return ok(null)
    if (call.inHand === undefined) return refused('no message came')
  }
  return isRead(turn.config, call.command) ? refused('no answer') : { type: 'info', error: 'no answer' }
}

const askAgainLater = (turn: BrokerTurn): void => {
  turn.setTimer('again', turn.config.retransmitMs)
}

function end(turn: BrokerTurn, request: string, result: Completion): void {
  const { calls } = turn.state
  const call = calls.get(request)
  if (call === undefined) return
  calls.delete(request)
  if (calls.size === 0) turn.cancelTimer('again')
  turn.reply(call.requestId, result)
}
