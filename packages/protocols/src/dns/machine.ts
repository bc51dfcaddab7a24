import type { NodeId } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { commandOf } from '../command.ts'
import type { MachineEvent, NodeSetting, StateMachine } from '../machine.ts'
import { ok, UNKEYED, unavailable, unsupported } from '../objects/object.ts'
import { inOrder } from '../owner.ts'
import { createForwarding, issueTicket } from '../routing/forwarding.ts'
import { askAgain, handleAnswer, handleFlush, handleQuery, resolve } from './resolver.ts'
import { type DnsConfig, type DnsMessage, type DnsRecord, type DnsState, reply, send, type Turn } from './state.ts'
import {
  authoritative,
  handleRefresh,
  handleSoa,
  handleTransfer,
  handleUpdate,
  handleZone,
  oweAnswers,
  refresh,
  update,
} from './zone.ts'

export type DnsMachine = StateMachine<DnsState, DnsMessage, DnsRecord>

type Request = Extract<MachineEvent<DnsMessage>, { readonly type: 'request' }>

/**
 * A zone and its caches, after Mockapetris, RFC 1034 and 1035: the first node is the primary, which takes updates; the
 * next are secondaries, which copy its zone; the others are resolvers, which keep answers for their time to live. Reads
 * are answered by the node that was asked, so they are late: by a refresh interval and a time to live at most, while the
 * primary can be reached; by the expiry of the zone and a time to live otherwise.
 */
export function createDns(config: DnsConfig): DnsMachine {
  return {
    start(node, journal, now) {
      const state = recover(config, node, journal)
      const turn: Turn = { config, state, effects: [], steady: now }
      if (state.role === 'primary') {
        if (journal.length > 0) oweAnswers(turn)
      } else turn.effects.push({ type: 'setTimer', timer: 'again', afterMs: intervalOf(turn) })
      if (state.role === 'secondary') refresh(turn)
      return turn
    },
    step(state, event, _, steady) {
      const turn: Turn = { config, state, effects: [], steady }
      switch (event.type) {
        case 'request':
          handleRequest(turn, event)
          break
        case 'message':
          handleMessage(turn, event.from, event.message)
          break
        case 'timer':
          handleTimer(turn, event.timer)
          break
        default:
          event satisfies never
      }
      return turn
    },
    status: ({ role, primary, owes }) => ({
      role,
      leads: role === 'primary',
      leader: primary,
      ready: true,
      ...(owes ? { owes } : {}),
    }),
  }
}

function recover(config: DnsConfig, { id, peers, seed }: NodeSetting, journal: readonly DnsRecord[]): DnsState {
  const { object, firstSerial } = config
  const [primary, ...others] = inOrder(id, peers)
  const secondaries = others.slice(0, config.secondaries)
  const role = id === primary ? 'primary' : secondaries.includes(id) ? 'secondary' : 'resolver'
  const zone = role === 'primary' ? { serial: firstSerial, held: object.initial() } : undefined
  if (zone !== undefined)
    for (const { input, serial } of journal) {
      object.apply(zone.held, input)
      zone.serial = serial
    }
  return {
    id,
    role,
    primary,
    secondaries,
    resolvers: others.slice(config.secondaries),
    forwarding: createForwarding(seed),
    zone,
    heardAt: millis(0),
    current: new Set(),
    owes: false,
    cache: new Map(),
    questions: new Map(),
    questionsAsked: 0,
    flushed: new Map(),
    late: undefined,
  }
}

const intervalOf = ({ state, config }: Turn) => (state.role === 'secondary' ? config.refreshMs : config.retransmitMs)

function handleRequest(turn: Turn, request: Request): void {
  const { state, config } = turn
  const { requestId, input } = request
  const { key: name = UNKEYED } = input
  if (!config.object.functions.includes(input.f)) reply(turn, requestId, unsupported)
  else if (!config.object.reads.includes(input.f)) {
    const command = commandOf(request)
    if (state.role === 'primary') reply(turn, requestId, update(turn, command))
    else send(turn, state.primary, { type: 'update', requestId, command, ticket: issueTicket(state.forwarding) })
  } else if (state.role === 'resolver') resolve(turn, requestId, name)
  else {
    const answer = authoritative(turn, name)
    reply(turn, requestId, answer === undefined ? unavailable : ok(answer.value))
  }
}

function handleMessage(turn: Turn, from: NodeId, message: DnsMessage): void {
  switch (message.type) {
    case 'query':
      handleQuery(turn, from, message)
      return
    case 'answer':
      handleAnswer(turn, message)
      return
    case 'update':
      handleUpdate(turn, from, message)
      return
    case 'updated':
      reply(turn, message.requestId, message.result)
      return
    case 'flush':
      handleFlush(turn, message)
      return
    case 'notify':
      refresh(turn)
      return
    case 'refresh':
      handleRefresh(turn, from, message)
      return
    case 'soa':
      handleSoa(turn, message)
      return
    case 'transfer':
      handleTransfer(turn, from)
      return
    case 'zone':
      handleZone(turn, message)
      return
    default:
      message satisfies never
  }
}

function handleTimer(turn: Turn, timer: string): void {
  const { state, effects } = turn
  if (timer === 'settled') {
    state.owes = state.current.size < state.secondaries.length
    return
  }
  if (state.role === 'secondary') refresh(turn)
  else askAgain(turn)
  effects.push({ type: 'setTimer', timer, afterMs: intervalOf(turn) })
}
