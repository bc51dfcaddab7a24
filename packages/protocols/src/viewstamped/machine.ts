import type { NodeId } from '@chaosproxy/faults'
import type { Command } from '../command.ts'
import { createGenerator } from '../generator.ts'
import { createLog, lastIndex, replaceFrom } from '../log.ts'
import type { NodeSetting, NodeStatus, StateMachine } from '../machine.ts'
import { unavailable } from '../objects/object.ts'
import { answer, answerReads } from '../routing/answers.ts'
import { dispatch, type Handlers } from '../routing/dispatch.ts'
import { createForwarding } from '../routing/forwarding.ts'
import { isRead, type Origin, REQUEST_LIMIT, type RoutedMessage, type RoutedProtocol } from '../routing/routing.ts'
import { createCopy } from '../routing/sessions.ts'
import {
  handleCommit,
  handleGetState,
  handleMissing,
  handlePrepare,
  handlePrepareOk,
  heartbeat,
  propose,
  roundFromNow,
} from './normal.ts'
import { askForRecovery, handleRecovery, handleRecoveryResponse } from './recovery.ts'
import {
  emit,
  isPrimary,
  mark,
  primaryOf,
  type Turn,
  type ViewstampedConfig,
  type ViewstampedMessage,
  type ViewstampedRecord,
  type ViewstampedState,
} from './state.ts'
import {
  awaitPrimary,
  checkReach,
  handleDoViewChange,
  handleNewView,
  handleStartView,
  handleStartViewChange,
  lead,
  requestView,
  startViewChange,
} from './view-change.ts'

export type ViewstampedMachine = StateMachine<ViewstampedState, ViewstampedMessage, ViewstampedRecord>

/**
 * Viewstamped Replication: the view number says which node is primary; the others take its log in order, and change the
 * view when it is silent.
 */
export function createViewstamped(config: ViewstampedConfig): ViewstampedMachine {
  const protocol: RoutedProtocol<Turn> = { emit, serve }
  return {
    start(node, journal) {
      const turn: Turn = { config, protocol, state: recover(config, node, journal), effects: [] }
      begin(turn, journal.length === 0)
      return turn
    },
    step(state, event) {
      const turn: Turn = { config, protocol, state, effects: [] }
      dispatch(turn, event, handlers)
      return turn
    },
    status: statusOf,
  }
}

function recover(
  config: ViewstampedConfig,
  node: NodeSetting,
  journal: readonly ViewstampedRecord[],
): ViewstampedState {
  const state: ViewstampedState = {
    id: node.id,
    nodes: [node.id, ...node.peers].sort(),
    generator: createGenerator(node.seed),
    forwarding: createForwarding(node.seed),
    requests: new Map(),
    status: 'normal',
    leader: undefined,
    view: 0,
    lastNormal: 0,
    log: createLog(),
    applied: 0,
    copy: createCopy(config.object),
    startViewChanges: [],
    doViewChanges: new Map(),
    nonce: node.seed,
    responses: new Map(),
    backups: new Map(),
    inherited: 0,
    sentBefore: 0,
    origins: new Map(),
    reads: [],
    roundStarted: 0,
    roundConfirmed: 0,
  }
  for (const record of journal) {
    if (record.kind !== 'view') replaceFrom(state.log, record.from, record.entries)
    if (record.kind !== 'entries') state.view = record.view
    if (record.kind === 'begun') state.lastNormal = record.view
  }
  if (config.recovery === 'nonce') state.lastNormal = state.view
  if (state.view !== state.lastNormal) state.status = 'view-change'
  // The mistake: it takes part at once, with an empty log.
  const recovers = config.recovery === 'nonce' && journal.length > 0 && config.bug !== 'skip-recovery'
  if (recovers) state.status = 'recovering'
  return state
}

/** With the log on disk, a node that restarts is no different from one that was slow. */
function begin(turn: Turn, isFirstLife: boolean): void {
  const { state, config } = turn
  if (!isFirstLife && config.bug === 'skip-recovery' && config.recovery === 'nonce') mark(turn)
  // A later life must know that it is one.
  if (isFirstLife) emit(turn, { type: 'persist', record: { kind: 'view', view: 0 } })
  if (state.status === 'normal') state.leader = primaryOf(state, state.view)
  if (state.status === 'recovering') askForRecovery(turn)
  else if (isPrimary(state)) lead(turn)
  else awaitPrimary(turn)
}

/** Serves a request that its origin sent to this node as the primary. */
function serve(turn: Turn, origin: Origin, command: Command): void {
  const { state, config } = turn
  const crowded = state.origins.size >= REQUEST_LIMIT || state.reads.length >= REQUEST_LIMIT
  if (!isPrimary(state) || crowded) answer(turn, origin, unavailable)
  else if (isRead(config, command) && config.reads === 'round') {
    // Whatever was committed before is in the log with which the view began, or was committed here.
    const index = Math.max(state.applied, state.inherited)
    state.reads.push({ origin, input: command.input, index, round: roundFromNow(turn) })
    answerReads(turn)
  } else {
    state.origins.set(lastIndex(state.log) + 1, origin)
    propose(turn, command)
  }
}

const handlers: Handlers<Turn, ViewstampedMessage> = { message: handleMessage, timer: handleTimer }

type OwnMessage = Exclude<ViewstampedMessage, RoutedMessage>

function handleMessage(turn: Turn, from: NodeId, message: OwnMessage): void {
  const { state } = turn
  // "While a replica's status is recovering it does not participate in either the request processing protocol or the
  // view change protocol" (§4.3).
  if (state.status === 'recovering' && message.type !== 'recovery-response') return
  switch (message.type) {
    case 'prepare':
    case 'commit':
      if (!isOfView(turn, from, message.view)) return
      if (message.type === 'prepare') handlePrepare(turn, from, message)
      else handleCommit(turn, from, message)
      return
    case 'prepare-ok':
      handlePrepareOk(turn, from, message)
      return
    case 'start-view-change':
      handleStartViewChange(turn, from, message.view)
      return
    case 'do-view-change':
      handleDoViewChange(turn, from, message)
      return
    case 'start-view':
      handleStartView(turn, from, message)
      return
    case 'get-state':
      handleGetState(turn, from, message)
      return
    case 'new-state':
      if (message.view > state.view || (message.view === state.view && state.status === 'view-change'))
        handleNewView(turn, message)
      else if (message.view === state.view && !isPrimary(state)) handleMissing(turn, message)
      return
    case 'recovery':
      handleRecovery(turn, from, message.nonce)
      return
    case 'recovery-response':
      handleRecoveryResponse(turn, from, message)
      return
    default:
      message satisfies never
  }
}

/** Whether the sender is the primary that this node follows. If it is one of a view that began elsewhere, asks for it. */
function isOfView(turn: Turn, from: NodeId, view: number): boolean {
  const { state } = turn
  if (view < state.view) return false
  if (view > state.view || state.status !== 'normal') {
    requestView(turn, from, view)
    return false
  }
  awaitPrimary(turn)
  return !isPrimary(state)
}

function handleTimer(turn: Turn, timer: string): void {
  const { state } = turn
  switch (timer) {
    case 'silence':
      if (state.status !== 'recovering' && !isPrimary(state)) startViewChange(turn, state.view + 1)
      return
    case 'reach':
      checkReach(turn)
      return
    case 'recover':
      askForRecovery(turn)
      return
    case 'heartbeat':
      if (isPrimary(state)) heartbeat(turn)
      return
    default:
      throw new Error(`viewstamped set no timer called "${timer}"`)
  }
}

const statusOf = (state: ViewstampedState): NodeStatus => ({
  role: state.status !== 'normal' ? state.status : isPrimary(state) ? 'primary' : 'backup',
  leads: isPrimary(state),
  term: state.view,
  leader: state.leader,
})
