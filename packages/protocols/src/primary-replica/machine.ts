import { defineMachine, type MachineMaker } from '../define-machine.ts'
import { createLog, replaceFrom } from '../log.ts'
import { inOrder } from '../members.ts'
import { isRead, valueIn } from '../objects/object.ts'
import { readOf } from '../routing/answers.ts'
import { handleRequest, sweepRequests } from '../routing/requests.ts'
import { routedMessages } from '../routing/routed.ts'
import { routedAtFirst } from '../routing/routing.ts'
import { rebuildCopy } from './copy.ts'
import { awaitPrimary, becomePrimary, campaign, checkReach, follow, handleElect, handlePromise } from './failover.ts'
import { handleReplicate, handleReplicated, heartbeat } from './replication.ts'
import { type PrimaryReplica, type PrimaryReplicaTurn, promiseEpoch, reachesEnough } from './state.ts'

/**
 * One node performs the writes and sends them, in order, to the replicas. A node that has promised an epoch follows no
 * earlier one, which fences off old primaries.
 */
export const createPrimaryReplica: MachineMaker<PrimaryReplica> = defineMachine<PrimaryReplica>({
  initial: (node, config) => ({
    ...routedAtFirst(node, config),
    peers: node.peers,
    epoch: 0,
    log: createLog(),
    role: 'replica',
    promises: [],
    replicas: new Map(),
    committed: 0,
    noopIndex: 0,
    proposals: new Map(),
    ownWrites: new Map(),
  }),
  redo({ state }, record) {
    if (record.kind === 'entries') replaceFrom(state.log, record.from, record.entries)
    else state.epoch = record.epoch
  },
  /**
   * Called at the start of a node. Without failover, the first node by name is always the primary. Each of its starts
   * begins a new epoch, so no new entry has the index and epoch of an entry that was lost.
   */
  begin(turn) {
    const { state, config } = turn
    rebuildCopy(config.object, state)
    if (config.failover) {
      awaitPrimary(turn)
      return
    }
    if (inOrder(state.id, state.peers)[0] !== state.id) return
    promiseEpoch(turn, state.epoch + 1)
    becomePrimary(turn)
  },
  request(turn, clientRequest) {
    const { config } = turn
    if (config.reads === 'replica' && isRead(config, clientRequest))
      turn.reply(clientRequest.requestId, readOf(turn, clientRequest.input))
    else handleRequest(turn, clientRequest)
  },
  messages: {
    ...routedMessages,
    replicate(turn, message, from) {
      const { state } = turn
      const fenced = isFenced(turn)
      if (fenced && message.epoch < state.epoch) {
        turn.send(from, { type: 'replicated', epoch: state.epoch, round: 0 })
        return
      }
      if (!fenced && message.epoch !== state.epoch) turn.mark()
      if (!fenced && state.role === 'primary') return
      if (message.epoch > state.epoch) promiseEpoch(turn, message.epoch)
      follow(turn, from)
      handleReplicate(turn, message, from)
    },
    replicated(turn, message, from) {
      const { state } = turn
      const fenced = isFenced(turn)
      if (!fenced && message.epoch !== state.epoch) turn.mark()
      if (message.epoch === state.epoch || !fenced) handleReplicated(turn, message, from)
      else if (message.epoch > state.epoch) learnEpoch(turn, message.epoch)
    },
    elect(turn, message, from) {
      const { state } = turn
      if (message.epoch > state.epoch && (isFenced(turn) || state.role !== 'primary')) handleElect(turn, message, from)
      else turn.send(from, { type: 'promise', epoch: state.epoch, granted: false })
    },
    promise(turn, message, from) {
      if (message.epoch > turn.state.epoch) learnEpoch(turn, message.epoch)
      else handlePromise(turn, message, from)
    },
  },
  timers: {
    requests: sweepRequests,
    silence: campaign,
    reach: checkReach,
    heartbeat(turn) {
      if (turn.state.role !== 'primary') return
      heartbeat(turn)
      turn.setTimer('heartbeat', turn.config.heartbeatMs)
    },
  },
  status: (state, config) => ({
    role: state.role,
    leads: state.role === 'primary',
    ...(state.role === 'primary' && !reachesEnough(state, config) ? { alone: true } : {}),
    term: state.epoch,
    applied: state.applied,
    leader: state.leader,
  }),
  holds: ({ copy }, read, { object }) => valueIn(object, copy.held, read),
})

/** The bug: epochs are ignored, so an old primary continues. */
const isFenced = ({ config }: PrimaryReplicaTurn): boolean => config.bug !== 'no-fencing'

/** Called when another node has begun a later epoch. This node becomes a replica. */
function learnEpoch(turn: PrimaryReplicaTurn, epoch: number): void {
  promiseEpoch(turn, epoch)
  follow(turn, undefined)
}
