import type { NodeId } from '@chaosproxy/faults'
import { type Entry, lastIndex, replaceAfter } from '../log.ts'
import { offerRequests } from '../routing/requests.ts'
import { resetRounds } from '../routing/routing.ts'
import { awaitLeader, broadcast, resign as resignMember } from '../routing/succession.ts'
import type { Handler } from '../turn.ts'
import { acknowledge, commitUpTo, heartbeat } from './normal.ts'
import {
  type DoViewChange,
  failuresOf,
  isPrimary,
  primaryOf,
  quorumOf,
  type Viewstamped,
  type ViewstampedTurn,
} from './state.ts'

// View changes: §4.2.

/**
 * "A replica i that notices the need for a view change advances its view-number, sets its status to view-change, and
 * sends a StartViewChange message" to all other replicas (§4.2, step 1). Unlike in the paper, the view number is on
 * disk: a node that lost it could act in a view that it has already helped to end.
 */
export function startViewChange(turn: ViewstampedTurn, view: number): void {
  const { state } = turn
  resign(turn)
  state.view = view
  state.status = 'view-change'
  state.leader = undefined
  state.startViewChanges = []
  state.doViewChanges = new Map()
  // The bug: the view number is kept only in memory.
  turn.persistUnless('forget-view', { kind: 'view', view })
  turn.log(`starts the change to view ${view}`)
  broadcast(turn, { type: 'start-view-change', view })
  awaitLeader(turn)
  doViewChangeIfDue(turn)
}

function resign(turn: ViewstampedTurn): void {
  turn.cancelTimer('heartbeat')
  turn.cancelTimer('reach')
  resignMember(turn)
}

export function handleStartViewChange(turn: ViewstampedTurn, { view }: { readonly view: number }, from: NodeId): void {
  const { state } = turn
  if (view > state.view) startViewChange(turn, view)
  if (view !== state.view || state.status !== 'view-change' || state.startViewChanges.includes(from)) return
  state.startViewChanges.push(from)
  doViewChangeIfDue(turn)
}

/**
 * "When replica i receives StartViewChange messages for its view-number from f other replicas, it sends a DoViewChange
 * message to the node that will be the primary in the new view" (§4.2, step 2).
 */
function doViewChangeIfDue(turn: ViewstampedTurn): void {
  const { state } = turn
  const { view, lastNormal, log, applied: commit, startViewChanges } = state
  if (startViewChanges.length !== Math.max(failuresOf(state), quorumOf(state) - 1)) return
  const message: DoViewChange = { view, entries: [...log.entries], lastNormal, commit }
  const primary = primaryOf(state, view)
  if (primary === state.id) takeDoViewChange(turn, message, state.id)
  else turn.send(primary, { type: 'do-view-change', ...message })
}

export function handleDoViewChange(turn: ViewstampedTurn, message: DoViewChange, from: NodeId): void {
  handleStartViewChange(turn, message, from)
  takeDoViewChange(turn, message, from)
}

/**
 * "When the new primary receives f + 1 DoViewChange messages from different replicas (including itself), […] selects as
 * the new log the one contained in the message with the largest v′; if several messages have the same v′ it selects the
 * one among them with the largest n" (§4.2, step 3).
 */
function takeDoViewChange(turn: ViewstampedTurn, message: DoViewChange, from: NodeId): void {
  const { state } = turn
  if (message.view !== state.view || state.status !== 'view-change') return
  state.doViewChanges.set(from, message)
  if (state.doViewChanges.size < quorumOf(state) || !state.doViewChanges.has(state.id)) return
  const all = [...state.doViewChanges.values()]
  const { entries } = selectLog(turn, all)
  const commit = Math.max(...all.map((each) => each.commit))
  begin(turn, state.view, 1, entries)
  broadcast(turn, { type: 'start-view', view: state.view, entries: [...entries], commit })
  lead(turn)
  commitUpTo(turn, commit)
}

function selectLog(turn: ViewstampedTurn, all: readonly DoViewChange[]): DoViewChange {
  const better = (one: DoViewChange, two: DoViewChange): DoViewChange =>
    one.lastNormal !== two.lastNormal
      ? one.lastNormal > two.lastNormal
        ? one
        : two
      : one.entries.length >= two.entries.length
        ? one
        : two
  const best = all.reduce(better)
  if (turn.config.bug !== 'stale-view-change') return best
  // The bug: the longest log is selected, regardless of its view.
  const longest = all.reduce((one, two) => (one.entries.length >= two.entries.length ? one : two))
  if (longest.lastNormal !== best.lastNormal) turn.mark()
  return longest
}

/** Resumes the normal status in this view. `entries` replace the log's entries from number `from` on. */
export function begin(turn: ViewstampedTurn, view: number, from: number, entries: readonly Entry[]): void {
  const { state, config } = turn
  const fresh = replaceAfter(state.log, from - 1, entries)
  state.view = view
  state.lastNormal = view
  state.status = 'normal'
  state.startViewChanges = []
  state.doViewChanges = new Map()
  if (config.recovery === 'disk') turn.persist({ kind: 'begun', view, ...fresh })
  else turn.persist({ kind: 'view', view })
  const primary = primaryOf(state, view)
  state.leader = primary
  if (primary === state.id) return
  turn.log(`follows ${primary} in view ${view}`)
  awaitLeader(turn)
  offerRequests(turn)
}

export function lead(turn: ViewstampedTurn): void {
  const { state, config } = turn
  const others = state.nodes.filter((node) => node !== state.id)
  state.leader = state.id
  state.backups = new Map(others.map((node) => [node, { op: 0, round: 0, heard: true }]))
  state.inherited = lastIndex(state.log)
  state.sentBefore = 0
  state.origins = new Map()
  resetRounds(state)
  turn.cancelTimer('silence')
  turn.setTimer('reach', config.silenceMaxMs)
  turn.log(`is primary of view ${state.view}`)
  heartbeat(turn)
  offerRequests(turn)
}

/** "When other replicas receive the StartView message, they replace their log with the one in the message […]. If there are non-committed operations in the log, they send a PrepareOk" (§4.2, step 5). */
export const handleStartView: Handler<Viewstamped, 'start-view'> = (turn, { view, entries, commit }, from) => {
  const { state } = turn
  if (view < state.view || (view === state.view && state.status === 'normal')) return
  resign(turn)
  begin(turn, view, 1, entries)
  acknowledge(turn, from)
  commitUpTo(turn, commit)
}

/**
 * Requests a view whose beginning this node missed. In the paper, the node first drops entries that it does not know to
 * be committed (§5.2). This implementation keeps them until the reply arrives, because another view change may need
 * them.
 */
export function requestView(turn: ViewstampedTurn, from: NodeId, view: number): void {
  turn.send(from, { type: 'get-state', view, from: turn.state.applied + 1 })
}

export const handleNewView: Handler<Viewstamped, 'new-state'> = (turn, message) => {
  const { state } = turn
  const { view, from, entries, commit } = message
  // Up to `applied`, nodes never have different entries. Later entries may differ, so the new entries must replace all
  // of them.
  if (from > state.applied + 1) return
  resign(turn)
  begin(turn, view, from, entries)
  commitUpTo(turn, commit)
  acknowledge(turn, primaryOf(state, view))
}

export function checkReach(turn: ViewstampedTurn): void {
  const { state, config } = turn
  if (!isPrimary(state)) return
  let reached = 1
  for (const backup of state.backups.values()) {
    if (backup.heard) reached++
    backup.heard = false
  }
  if (reached < quorumOf(state)) startViewChange(turn, state.view + 1)
  else turn.setTimer('reach', config.silenceMaxMs)
}
