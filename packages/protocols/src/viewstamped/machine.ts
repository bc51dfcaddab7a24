import type { NodeId } from '@chaosproxy/faults'
import type { Command } from '../command.ts'
import { defineMachine, type MachineMaker } from '../define-machine.ts'
import { createLog, lastIndex, replaceFrom } from '../log.ts'
import { isRead, unavailable } from '../objects/object.ts'
import { answer } from '../routing/answers.ts'
import { handleRequest, sweepRequests } from '../routing/requests.ts'
import { routedMessages } from '../routing/routed.ts'
import { type Origin, REQUEST_LIMIT } from '../routing/routing.ts'
import { awaitLeader, memberAtFirst } from '../routing/succession.ts'
import type { MessageHandler, MessageOf } from '../turn.ts'
import {
  handleCommit,
  handleGetState,
  handleMissing,
  handlePrepare,
  handlePrepareOk,
  heartbeat,
  propose,
  rounds,
} from './normal.ts'
import { askForRecovery, handleRecovery, handleRecoveryResponse } from './recovery.ts'
import { isPrimary, primaryOf, type Viewstamped, type ViewstampedMessage, type ViewstampedTurn } from './state.ts'
import {
  checkReach,
  handleDoViewChange,
  handleNewView,
  handleStartView,
  handleStartViewChange,
  lead,
  requestView,
  startViewChange,
} from './view-change.ts'

/**
 * Viewstamped Replication: the view number determines the primary. The other nodes follow its log, and change the view
 * when the primary is silent.
 */
export const createViewstamped: MachineMaker<Viewstamped> = defineMachine<Viewstamped>({
  initial: (node, config) => ({
    ...memberAtFirst(node, config),
    status: 'normal',
    view: 0,
    lastNormal: 0,
    log: createLog(),
    startViewChanges: [],
    doViewChanges: new Map(),
    nonce: node.seed,
    responses: new Map(),
    backups: new Map(),
    inherited: 0,
    sentBefore: 0,
  }),
  redo({ state }, record) {
    if (record.kind !== 'view') replaceFrom(state.log, record.from, record.entries)
    if (record.kind !== 'entries') state.view = record.view
    if (record.kind === 'begun') state.lastNormal = record.view
  },
  /** Starts or restarts a node. A node whose log is on disk continues as if it had only been slow. */
  begin(turn, journal) {
    const { state, config } = turn
    const isFirstLife = journal.length === 0
    if (config.recovery === 'nonce') state.lastNormal = state.view
    if (state.view !== state.lastNormal) state.status = 'view-change'
    // The bug: the restarted node takes part immediately, with an empty log.
    const recovers = config.recovery === 'nonce' && !isFirstLife && !turn.suffers('skip-recovery')
    if (recovers) state.status = 'recovering'
    // Persisted so that a restarted node knows that this is not its first start.
    if (isFirstLife) turn.persist({ kind: 'view', view: 0 })
    if (state.status === 'normal') state.leader = primaryOf(state, state.view)
    if (state.status === 'recovering') askForRecovery(turn)
    else if (isPrimary(state)) lead(turn)
    else awaitLeader(turn)
  },
  request: handleRequest,
  messages: {
    ...routedMessages,
    prepare: participating(ofView(handlePrepare)),
    commit: participating(ofView(handleCommit)),
    'prepare-ok': participating(handlePrepareOk),
    'start-view-change': participating(handleStartViewChange),
    'do-view-change': participating(handleDoViewChange),
    'start-view': participating(handleStartView),
    'get-state': participating(handleGetState),
    'new-state': participating(handleNewState),
    recovery: participating(handleRecovery),
    'recovery-response': handleRecoveryResponse,
  },
  timers: {
    requests: sweepRequests,
    silence(turn) {
      const { state } = turn
      if (state.status !== 'recovering' && !isPrimary(state)) startViewChange(turn, state.view + 1)
    },
    reach: checkReach,
    recover: askForRecovery,
    heartbeat(turn) {
      if (isPrimary(turn.state)) heartbeat(turn)
    },
  },
  status: (state) => ({
    role: state.status !== 'normal' ? state.status : isPrimary(state) ? 'primary' : 'backup',
    leads: isPrimary(state),
    term: state.view,
    applied: state.applied,
    leader: state.leader,
  }),
})

export function serve(turn: ViewstampedTurn, origin: Origin, command: Command): void {
  const { state, config } = turn
  const crowded = state.origins.size >= REQUEST_LIMIT || state.reads.length >= REQUEST_LIMIT
  if (!isPrimary(state) || crowded) answer(turn, origin, unavailable)
  else if (isRead(config, command) && config.reads === 'round') {
    // Every entry that was committed earlier is in the log with which the view began, or was committed on this node.
    rounds.read(turn, origin, command.input, Math.max(state.applied, state.inherited))
  } else {
    state.origins.set(lastIndex(state.log) + 1, origin)
    propose(turn, command)
  }
}

type NewState = MessageOf<ViewstampedMessage, 'new-state'>
type Handler<Message> = MessageHandler<ViewstampedTurn, Message>

/**
 * "While a replica's status is recovering it does not participate in either the request processing protocol or the view
 * change protocol" (§4.3).
 */
function participating<Message>(handle: Handler<Message>): Handler<Message> {
  return (turn, message, from) => {
    if (turn.state.status !== 'recovering') handle(turn, message, from)
  }
}

function ofView<Message extends { readonly view: number }>(handle: Handler<Message>): Handler<Message> {
  return (turn, message, from) => {
    if (isOfView(turn, from, message.view)) handle(turn, message, from)
  }
}

function handleNewState(turn: ViewstampedTurn, message: NewState, from: NodeId): void {
  const { state } = turn
  if (message.view > state.view || (message.view === state.view && state.status === 'view-change'))
    handleNewView(turn, message, from)
  else if (message.view === state.view && !isPrimary(state)) handleMissing(turn, message, from)
}

/** Whether the sender is the primary that this node follows. Requests the view if it began without this node. */
function isOfView(turn: ViewstampedTurn, from: NodeId, view: number): boolean {
  const { state } = turn
  if (view < state.view) return false
  if (view > state.view || state.status !== 'normal') {
    requestView(turn, from, view)
    return false
  }
  awaitLeader(turn)
  return !isPrimary(state)
}
