import type { Input } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import { type Entry, entriesFrom, entryAt, lastIndex } from '../log.ts'
import { majorityOf } from '../members.ts'
import { isRead, unavailable } from '../objects/object.ts'
import { answer, readOf } from '../routing/answers.ts'
import { createRounds, type Rounds } from '../routing/rounds.ts'
import { type Origin, REQUEST_LIMIT } from '../routing/routing.ts'
import { applyNext, broadcast } from '../routing/succession.ts'
import type { Handler } from '../turn.ts'
import { type Chain, type ChainTurn, isHead, isTail, predecessorOf, successorOf } from './state.ts'

/** The number of entries in a repeated message. */
const BATCH = 64

/**
 * Serves a request at the head: "Each query request is directed to the tail of the chain", "Each update request is
 * directed to the head" (§3).
 */
export function serve(turn: ChainTurn, origin: Origin, command: Command): void {
  const { state, config } = turn
  if (!isHead(state) || state.origins.size >= REQUEST_LIMIT) answer(turn, origin, unavailable)
  else if (isRead(config, command)) {
    const tail = state.chain.at(-1)
    if (tail === undefined || tail === state.id) query(turn, origin, command.input)
    else turn.send(tail, { type: 'query', epoch: state.epoch, origin, input: command.input })
  } else {
    extend(turn, lastIndex(state.log) + 1, [{ term: state.epoch, command }], [origin])
    // The bug: the head answers before the update has passed along the chain.
    if (isTail(state) || !turn.suffers('head-answers')) return
    execute(turn, lastIndex(state.log))
  }
}

function extend(turn: ChainTurn, from: number, entries: readonly Entry[], origins: readonly (Origin | null)[]): void {
  const { state } = turn
  for (const [i, entry] of entries.entries()) {
    state.log.entries.push(entry)
    const origin = origins[i]
    if (origin !== undefined && origin !== null) state.origins.set(from + i, origin)
  }
  turn.persist({ kind: 'entries', from, entries })
  const successor = successorOf(state)
  if (successor === undefined) executeAtTail(turn)
  else turn.send(successor, { type: 'update', epoch: state.epoch, from, entries, origins })
}

export const handleUpdate: Handler<Chain, 'update'> = (turn, message, from) => {
  const { state, config } = turn
  const last = lastIndex(state.log)
  const gap = message.from > last + 1
  // With the bug, the node does not notice that it lacks earlier entries.
  if (gap && config.bug !== 'no-inprocess-resend') return
  const present = gap ? 0 : last + 1 - message.from
  const fresh = message.entries.slice(present)
  if (fresh.length > 0) extend(turn, last + 1, fresh, message.origins.slice(present))
  else turn.send(from, { type: 'ack', epoch: state.epoch, index: isTail(state) ? last : state.acked })
}

/**
 * "Processing at the tail": the tail executes the update, replies to the client (§3), and sends an acknowledgement to
 * its predecessor (§3.1).
 */
export function executeAtTail(turn: ChainTurn): void {
  const { state } = turn
  execute(turn, lastIndex(state.log))
  state.begun = true
  state.acked = lastIndex(state.log)
  acknowledge(turn)
}

function acknowledge(turn: ChainTurn): void {
  const { state } = turn
  const predecessor = predecessorOf(state)
  if (predecessor !== undefined) turn.send(predecessor, { type: 'ack', epoch: state.epoch, index: state.acked })
}

function execute(turn: ChainTurn, upTo: number): void {
  const { state, config } = turn
  // The bug: the head also answers.
  const answers = isTail(state) || config.bug === 'head-answers'
  while (state.applied < upTo) applyNext(turn, entryAt(state.log, state.applied + 1)?.command ?? null, answers)
}

/** "upon receiving an ack(r), server i deletes r from Sent_i and forwards it to its predecessor" (§3.1). */
export const handleAck: Handler<Chain, 'ack'> = (turn, { index }) => {
  const { state } = turn
  state.begun = true
  if (index <= state.acked || index > lastIndex(state.log)) return
  state.acked = index
  execute(turn, index)
  acknowledge(turn)
}

/** Sends the successor the updates that the tail has not acknowledged. Unlike in the paper, messages may be lost. */
export function sendAgain(turn: ChainTurn): void {
  const { state } = turn
  const { epoch, chain, log, acked, begun } = state
  const successor = successorOf(state)
  if (successor === undefined) return
  if (!begun) turn.send(successor, { type: 'begin', epoch, chain, entries: historyFor(turn) })
  const from = acked + 1
  const entries = entriesFrom(log, from, BATCH)
  if (entries.length === 0) return
  const origins = entries.map((_, i) => state.origins.get(from + i) ?? null)
  turn.send(successor, { type: 'update', epoch, from, entries, origins })
}

/**
 * Returns the whole history for a new successor, including the requests in process: "the sequence of requests in
 * Sent_i" (§3.1, failure of other servers). The bug: these requests are omitted.
 */
export function historyFor(turn: ChainTurn): readonly Entry[] {
  const { log, acked } = turn.state
  const all = [...log.entries]
  if (acked >= all.length || !turn.suffers('no-inprocess-resend')) return all
  return all.slice(0, acked)
}

/**
 * Answers a query at the tail: "the reply is generated by the tail" (§3). A majority must confirm first that the epoch
 * continues.
 */
export function query(turn: ChainTurn, origin: Origin, input: Input): void {
  const { state } = turn
  if (!isTail(state) || state.reads.length >= REQUEST_LIMIT) answer(turn, origin, unavailable)
  else rounds.read(turn, origin, input, state.applied)
}

/** The bug: any node answers from its own copy. */
export function readHere(turn: ChainTurn, requestId: string, input: Input): void {
  if (!isTail(turn.state)) turn.mark()
  turn.reply(requestId, readOf(turn, input))
}

/**
 * Asks the other nodes to confirm the current round. The question is repeated, because a message may have been lost.
 */
export function askRound(turn: ChainTurn): void {
  const { state } = turn
  if (!isTail(state) || state.roundConfirmed === state.roundStarted) return
  broadcast(turn, { type: 'confirm', epoch: state.epoch, round: state.roundStarted })
}

export const handleConfirmed: Handler<Chain, 'confirmed'> = (turn, { round }, from) => {
  const { state } = turn
  state.rounds.set(from, Math.max(state.rounds.get(from) ?? 0, round))
  if (isTail(state)) rounds.confirmRound(turn)
}

/** A majority suffices, because a later epoch can only begin once a majority has sealed this epoch. */
const rounds: Rounds<ChainTurn> = createRounds<ChainTurn, number>({
  send: askRound,
  isEnough: ({ state }, answered) => answered >= majorityOf(state.nodes.length),
  peers: ({ state }: ChainTurn) => state.rounds.values(),
  roundOf: (round) => round,
})
