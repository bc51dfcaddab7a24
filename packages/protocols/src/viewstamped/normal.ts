import type { NodeId } from '@chaosproxy/faults'
import type { Command } from '../command.ts'
import { type Entry, entriesFrom, entryAt, lastIndex } from '../log.ts'
import { answerReads } from '../routing/answers.ts'
import { createRounds, type Rounds } from '../routing/rounds.ts'
import { applyNext, broadcast } from '../routing/succession.ts'
import type { Handler } from '../turn.ts'
import {
  type Backup,
  isPrimary,
  primaryOf,
  quorumOf,
  storeEntries,
  type Viewstamped,
  type ViewstampedTurn,
} from './state.ts'

// Normal operation: §4.1. State transfer: §5.2.

/** The largest number of log entries in a repeated Prepare message. */
const BATCH = 64

/** "The primary advances op-number, adds the request to the end of the log […] and sends a Prepare message" (§4.1). */
export function propose(turn: ViewstampedTurn, command: Command): void {
  const { state } = turn
  const entry: Entry = { term: state.view, command }
  state.log.entries.push(entry)
  const op = lastIndex(state.log)
  storeEntries(turn, op, [entry])
  broadcast(turn, { type: 'prepare', view: state.view, from: op, entries: [entry], commit: state.applied })
  // The bug: the primary answers before any backup has the request.
  if (quorumOf(state) > 1 && turn.suffers('answer-before-prepare-ok')) {
    commitUpTo(turn, op)
  } else advanceCommit(turn)
}

/** "Backups process Prepare messages in order: a backup won't accept a prepare until it has entries for all earlier requests in its log" (§4.1). */
export const handlePrepare: Handler<Viewstamped, 'prepare'> = (turn, { entries, ...message }, from) => {
  const { state } = turn
  if (message.from > lastIndex(state.log) + 1) {
    turn.send(from, { type: 'get-state', view: state.view, from: lastIndex(state.log) + 1 })
    return
  }
  append(turn, message.from, entries)
  commitUpTo(turn, message.commit)
  acknowledge(turn, from)
}

export function acknowledge(turn: ViewstampedTurn, to: NodeId, round = 0): void {
  const { view, log } = turn.state
  turn.send(to, { type: 'prepare-ok', view, op: lastIndex(log), round })
}

/** Appends the entries that this node lacks. Within a view, entries with the same number are equal. */
function append(turn: ViewstampedTurn, from: number, entries: readonly Entry[]): void {
  const { log } = turn.state
  const fresh = entries.slice(Math.max(0, lastIndex(log) + 1 - from))
  if (fresh.length === 0) return
  const first = lastIndex(log) + 1
  log.entries.push(...fresh)
  storeEntries(turn, first, fresh)
}

export const handleCommit: Handler<Viewstamped, 'commit'> = (turn, message, from) => {
  const { state } = turn
  const op = lastIndex(state.log)
  commitUpTo(turn, message.commit)
  acknowledge(turn, from, message.round)
  if (message.commit > op) turn.send(from, { type: 'get-state', view: state.view, from: op + 1 })
}

export const handlePrepareOk: Handler<Viewstamped, 'prepare-ok'> = (turn, message, from) => {
  const { state } = turn
  const backup = state.backups.get(from)
  if (!isPrimary(state) || message.view !== state.view || backup === undefined) return
  backup.heard = true
  backup.op = Math.max(backup.op, message.op)
  backup.round = Math.max(backup.round, message.round)
  advanceCommit(turn)
  rounds.confirmRound(turn)
}

/** "The primary waits for f PrepareOk messages from different backups; at this point it considers the operation (and all earlier ones) to be committed" (§4.1). */
function advanceCommit(turn: ViewstampedTurn): void {
  const { state } = turn
  const ops = [lastIndex(state.log), ...[...state.backups.values()].map(({ op }) => op)].sort((one, two) => two - one)
  commitUpTo(turn, ops[quorumOf(state) - 1] ?? 0)
}

/**
 * Executes committed entries in order, as far as this node has them. The client table prevents a repeated request from being executed twice (§4.1).
 */
export function commitUpTo(turn: ViewstampedTurn, commit: number): void {
  const { state } = turn
  const last = Math.min(commit, lastIndex(state.log))
  while (state.applied < last) applyNext(turn, entryAt(state.log, state.applied + 1)?.command ?? null)
  if (isPrimary(state)) answerReads(turn)
}

/** "If the primary does not receive a new client request in a timely way, it instead informs the backups of the latest commit by sending them a Commit message" (§4.1). */
export function heartbeat(turn: ViewstampedTurn): void {
  const { state, config } = turn
  const { view, applied: commit, log } = state
  sendCommit(turn)
  for (const [node, { op }] of state.backups) {
    if (op >= Math.min(state.sentBefore, lastIndex(log))) continue
    turn.send(node, { type: 'prepare', view, from: op + 1, entries: entriesFrom(log, op + 1, BATCH), commit })
  }
  state.sentBefore = lastIndex(log)
  turn.setTimer('heartbeat', config.heartbeatMs)
}

function sendCommit(turn: ViewstampedTurn): void {
  const { view, applied: commit, roundStarted: round } = turn.state
  broadcast(turn, { type: 'commit', view, commit, round })
}

/**
 * Rounds that confirm the primary. The backups that answered were still in its view when the round began, so no later
 * view had begun.
 */
export const rounds: Rounds<ViewstampedTurn> = createRounds<ViewstampedTurn, Backup>({
  send: sendCommit,
  isEnough: ({ state }, answered) => answered >= quorumOf(state),
  peers: ({ state }: ViewstampedTurn) => state.backups.values(),
  roundOf: ({ round }) => round,
})

/** "A replica responds to a GetState message only if its status is normal and it is currently in view v" (§5.2). */
export const handleGetState: Handler<Viewstamped, 'get-state'> = (turn, { view, from }, to) => {
  const { state } = turn
  if (state.status !== 'normal' || state.view !== view) return
  const entries = entriesFrom(state.log, from, lastIndex(state.log) - from + 1)
  turn.send(to, { type: 'new-state', view, from, entries, commit: state.applied })
}

export const handleMissing: Handler<Viewstamped, 'new-state'> = (turn, { from, entries, commit, view }) => {
  const { state } = turn
  if (from > lastIndex(state.log) + 1) return
  append(turn, from, entries)
  commitUpTo(turn, commit)
  acknowledge(turn, primaryOf(state, view))
}
