import type { NodeId } from '@chaosproxy/faults'
import { isUpToDate, lastIndex, lastTerm } from '../log.ts'
import { answer, failReads } from '../routing/answers.ts'
import { resetRounds } from '../routing/routing.ts'
import { awaitLeader } from '../routing/succession.ts'
import type { Handler } from '../turn.ts'
import { applyAll } from './copy.ts'
import { appendEntry, createReplica, heartbeat } from './replication.ts'
import { majorityOf, type PrimaryReplica, type PrimaryReplicaTurn, promiseEpoch } from './state.ts'

export function follow(turn: PrimaryReplicaTurn, primary: NodeId | undefined): void {
  settleAsReplica(turn, primary)
  awaitPrimary(turn)
}

function settleAsReplica(turn: PrimaryReplicaTurn, primary: NodeId | undefined): void {
  const { state } = turn
  if (state.role === 'primary') {
    turn.cancelTimer('heartbeat')
    turn.cancelTimer('reach')
    abandonRequests(turn)
    applyAll(turn.config.object, state)
  }
  if (state.leader !== primary && primary !== undefined) turn.log(`follows ${primary} in epoch ${state.epoch}`)
  state.role = 'replica'
  state.leader = primary
}

/**
 * Ends requests when the node steps down. Pending writes end as `info`, since they may survive in another node's log.
 */
function abandonRequests(turn: PrimaryReplicaTurn): void {
  failReads(turn)
  const { proposals, ownWrites } = turn.state
  const origins = [...proposals.values(), ...[...ownWrites.values()].map(({ origin }) => origin)]
  proposals.clear()
  ownWrites.clear()
  for (const origin of origins) answer(turn, origin, { type: 'info', error: 'the primary was deposed' })
}

export function awaitPrimary(turn: PrimaryReplicaTurn): void {
  if (turn.config.failover) awaitLeader(turn)
}

/** Called when the primary has been silent too long. Asks the other nodes to follow this node instead. */
export function campaign(turn: PrimaryReplicaTurn): void {
  const { state } = turn
  if (state.role === 'primary') return
  promiseEpoch(turn, state.epoch + 1)
  state.role = 'candidate'
  state.leader = undefined
  state.promises = [state.id]
  turn.log(`asks to be primary of epoch ${state.epoch}`)
  const { log, epoch } = state
  for (const peer of state.peers)
    turn.send(peer, { type: 'elect', epoch, lastEpoch: lastTerm(log), lastIndex: lastIndex(log) })
  awaitPrimary(turn)
  countPromises(turn)
}

/** Precondition: the message's epoch is later than any that this node has promised. */
export const handleElect: Handler<PrimaryReplica, 'elect'> = (turn, message, from) => {
  const { state } = turn
  promiseEpoch(turn, message.epoch)
  const hasTimer = state.role !== 'primary'
  settleAsReplica(turn, undefined)
  // The bug: the first node that asks is promoted, even if its copy lacks entries.
  const upToDate = isUpToDate(state.log, message.lastEpoch, message.lastIndex)
  const stale = !upToDate && turn.suffers('promote-stale')
  const granted = upToDate || stale
  // A refused request does not restart the timeout. Otherwise, a node that cannot become primary could prevent the
  // others from asking.
  if (granted || !hasTimer) awaitPrimary(turn)
  turn.send(from, { type: 'promise', epoch: message.epoch, granted })
}

export const handlePromise: Handler<PrimaryReplica, 'promise'> = (turn, message, from) => {
  const { state } = turn
  if (state.role !== 'candidate' || message.epoch !== state.epoch || !message.granted) return
  if (!state.promises.includes(from)) state.promises.push(from)
  countPromises(turn)
}

function countPromises(turn: PrimaryReplicaTurn): void {
  if (turn.state.promises.length >= majorityOf(turn.state)) becomePrimary(turn)
}

export function becomePrimary(turn: PrimaryReplicaTurn): void {
  const { state, config } = turn
  state.role = 'primary'
  state.leader = state.id
  state.replicas = new Map(state.peers.map((peer) => [peer, createReplica(lastIndex(state.log))]))
  state.committed = 0
  resetRounds(state)
  turn.cancelTimer('silence')
  turn.log(`is primary of epoch ${state.epoch}`)
  state.noopIndex = lastIndex(state.log) + 1
  appendEntry(turn, { term: state.epoch, command: null })
  heartbeat(turn)
  turn.setTimer('heartbeat', config.heartbeatMs)
  turn.setTimer('reach', config.silenceMaxMs)
}

export function checkReach(turn: PrimaryReplicaTurn): void {
  const { state, config } = turn
  if (state.role !== 'primary') return
  for (const replica of state.replicas.values()) {
    replica.reachable = replica.heard
    replica.heard = false
  }
  turn.setTimer('reach', config.silenceMaxMs)
}
