import type { NodeId } from '@chaosproxy/faults'
import { defineMachine, type MachineMaker } from '../define-machine.ts'
import { createLog, replaceFrom } from '../log.ts'
import { isRead } from '../objects/object.ts'
import { handleRequest, offerRequests, sweepRequests } from '../routing/requests.ts'
import { routedMessages } from '../routing/routed.ts'
import { awaitLeader, memberAtFirst } from '../routing/succession.ts'
import type { MessageHandler } from '../turn.ts'
import { begin, beginChain, checkChain, handleSealed, heartbeat, reconfigure, seal } from './reconfiguration.ts'
import { type Chain, type ChainState, type ChainTurn, isActive, isHead, isTail } from './state.ts'
import { askRound, executeAtTail, handleAck, handleConfirmed, handleUpdate, query, readHere } from './updates.ts'

/**
 * Chain replication: updates pass from the head along the chain; the tail answers. Departures from the paper:
 * `state.ts`.
 */
export const createChain: MachineMaker<Chain> = defineMachine<Chain>({
  initial: (node, config) => ({
    ...memberAtFirst(node, config),
    promised: 0,
    epoch: 0,
    chain: [],
    log: createLog(),
    acked: 0,
    begun: false,
    sealed: undefined,
    heard: [],
    rounds: new Map(),
  }),
  redo({ state }, record) {
    if (record.kind !== 'sealed') replaceFrom(state.log, record.from, record.entries)
    if (record.kind !== 'entries') state.promised = Math.max(state.promised, record.epoch)
    if (record.kind !== 'begun') return
    state.epoch = record.epoch
    state.chain = record.chain
  },
  /**
   * Resumes the work of a restarted node, unless its epoch was sealed. A head starts a reconfiguration instead, because
   * it may have lost updates to which it had given numbers.
   */
  begin(turn) {
    const { state, config } = turn
    awaitLeader(turn)
    if (!isActive(state)) return
    if (isHead(state)) {
      reconfigure(turn)
      return
    }
    turn.setTimer('heartbeat', config.heartbeatMs)
    if (isTail(state)) executeAtTail(turn)
  },
  request(turn, clientRequest) {
    const { config } = turn
    if (config.bug === 'read-from-anywhere' && isRead(config, clientRequest))
      readHere(turn, clientRequest.requestId, clientRequest.input)
    else handleRequest(turn, clientRequest)
  },
  messages: {
    ...routedMessages,
    sealed: handleSealed,
    seal: current((turn, { epoch }, from) => {
      if (epoch > turn.state.promised) turn.send(from, { type: 'sealed', epoch, last: seal(turn, epoch) })
    }),
    deposed(turn, { epoch }) {
      if (epoch > turn.state.promised) seal(turn, epoch)
    },
    begin: current((turn, message) => {
      if (message.epoch > turn.state.epoch) begin(turn, message)
      else if (isTail(turn.state)) executeAtTail(turn)
    }),
    alive: current((turn, { epoch }, from) => {
      follow(turn, from)
      turn.send(from, { type: 'here', epoch })
    }),
    confirm: current((turn, { epoch, round }, from) => turn.send(from, { type: 'confirmed', epoch, round })),
    update: inChain(handleUpdate),
    ack: inChain(handleAck),
    query: inChain((turn, { origin, input }) => query(turn, origin, input)),
    confirmed: inChain(handleConfirmed),
    here: inChain(({ state }, _, from) => state.heard.push(from)),
  },
  timers: {
    requests: sweepRequests,
    silence: reconfigure,
    gather: beginChain,
    check: checkChain,
    heartbeat(turn) {
      heartbeat(turn)
      askRound(turn)
    },
  },
  status: (state) => ({
    role: roleOf(state),
    leads: isHead(state),
    term: state.promised,
    applied: state.applied,
    leader: state.leader,
  }),
})

type Handler<Message> = MessageHandler<ChainTurn, Message>

/** Handles a message, unless its epoch has ended. In that case, informs the sender. */
function current<Message extends { readonly epoch: number }>(handle: Handler<Message>): Handler<Message> {
  return (turn, message, from) => {
    const { promised } = turn.state
    if (message.epoch < promised) turn.send(from, { type: 'deposed', epoch: promised })
    else handle(turn, message, from)
  }
}

function inChain<Message extends { readonly epoch: number }>(handle: Handler<Message>): Handler<Message> {
  return current((turn, message, from) => {
    if (message.epoch === turn.state.epoch && isActive(turn.state)) handle(turn, message, from)
  })
}

function follow(turn: ChainTurn, head: NodeId): void {
  const { state } = turn
  if (isHead(state)) return
  const isNew = state.leader !== head
  state.leader = head
  awaitLeader(turn)
  if (isNew) offerRequests(turn)
}

function roleOf(state: ChainState): string {
  if (!isActive(state)) return 'outside'
  if (isHead(state)) return 'head'
  return isTail(state) ? 'tail' : 'middle'
}
