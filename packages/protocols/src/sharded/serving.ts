import type { Completion } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import { ownerOf } from '../members.ts'
import { ok, UNKEYED, unavailable } from '../objects/object.ts'
import { issueTicket, takeTicket } from '../routing/forwarding.ts'
import type { Handlers } from '../turn.ts'
import { placeOf } from './content.ts'
import type { PendingRequest, Sharded, ShardedTurn } from './state.ts'

const PENDING_LIMIT = 10_000
const LETTERS = 26

export function handleRequest(turn: ShardedTurn, requestId: string, command: Command): void {
  const { state } = turn
  if (state.pending.size >= PENDING_LIMIT) {
    turn.reply(requestId, unavailable)
    return
  }
  const pending: PendingRequest = { command, idle: true, number: 0, ageMs: 0 }
  state.pending.set(requestId, pending)
  pass(turn, requestId, pending)
}

function pass(turn: ShardedTurn, requestId: string, pending: PendingRequest): void {
  const { state } = turn
  const { command } = pending
  const shard = shardOf(turn, command.input.key ?? UNKEYED)
  if (shard === undefined) return
  const { owner } = placeOf(state, shard)
  if (owner === state.id) {
    const result = serve(turn, shard, command)
    if (result !== undefined) finish(turn, requestId, result)
    return
  }
  const ticket = issueTicket(state.forwarding)
  pending.idle = false
  pending.number = ticket.number
  turn.send(owner, { type: 'ask', ticket, requestId, shard, command })
}

/** Returns the shard of a key; undefined while the directory has not answered. */
export function shardOf(turn: ShardedTurn, key: string): number | undefined {
  const { config, state } = turn
  switch (config.by) {
    case 'hash':
      return Number(ownerOf(['0', ...Array.from({ length: config.shards - 1 }, (_, i) => String(i + 1))], key))
    case 'range': {
      // The first letter determines the shard, so neighbouring keys are together.
      const letter = Math.max(0, Math.min(LETTERS - 1, key.charCodeAt(0) - 'a'.charCodeAt(0) || 0))
      return Math.floor((letter * config.shards) / LETTERS)
    }
    case 'directory':
      if (!state.listed.has(key)) {
        if (state.id === state.nodes[0]) list(turn, key)
        else turn.send(state.nodes[0], { type: 'where', key })
      }
      return state.listed.get(key)
    default:
      return config.by satisfies never
  }
}

/** Returns the shard of a key from the directory on the first node. A new key is assigned to the next shard. */
function list(turn: ShardedTurn, key: string): number {
  const { state, config } = turn
  const known = state.listed.get(key)
  if (known !== undefined) return known
  const shard = state.listed.size % config.shards
  state.listed.set(key, shard)
  turn.persist({ kind: 'listed', key, shard })
  return shard
}

function serve(turn: ShardedTurn, shard: number, { input }: Command): Completion | undefined {
  const { state, config } = turn
  const isRead = config.object.reads.includes(input.f)
  if (state.leaving.has(shard) && !isRead && turn.suffers('drop-in-flight')) {
    // The bug: writes that arrive while their shard is moving are acknowledged and lost.
    return ok(input.value)
  }
  if (!state.owned.has(shard)) return undefined
  if (state.leaving.has(shard)) turn.mark()
  const result = config.object.apply(state.owned.get(shard), input)
  if (!isRead) turn.persist({ kind: 'applied', shard, input })
  return result
}

export const servingMessages: Handlers<Sharded, 'where' | 'there' | 'ask' | 'answer' | 'moved'> = {
  where: (turn, { key }, from) => turn.send(from, { type: 'there', key, shard: list(turn, key) }),
  there(turn, { key, shard }) {
    const { state } = turn
    state.listed.set(key, shard)
    for (const [requestId, pending] of [...state.pending])
      if (pending.idle && (pending.command.input.key ?? UNKEYED) === key) pass(turn, requestId, pending)
  },
  ask(turn, { ticket, requestId, shard, command }, from) {
    const { state } = turn
    if (!takeTicket(state.forwarding, from, ticket)) return
    const result = serve(turn, shard, command)
    if (result !== undefined) turn.send(from, { type: 'answer', requestId, result })
    else turn.send(from, { type: 'moved', requestId, number: ticket.number, shard, place: placeOf(state, shard) })
  },
  answer: (turn, { requestId, result }) => finish(turn, requestId, result),
  /**
   * Handles the reply of a node that does not own the shard of a request. If the reply tells this node a new owner, the
   * request is sent there immediately; otherwise it is sent again later.
   */
  moved(turn, { requestId, number, shard, place }) {
    const { state } = turn
    const isNews = place.epoch > placeOf(state, shard).epoch && place.owner !== state.id
    if (isNews) state.places.set(shard, place)
    const pending = state.pending.get(requestId)
    if (pending?.number !== number) return
    pending.idle = true
    if (isNews) pass(turn, requestId, pending)
  },
}

export function askAgain(turn: ShardedTurn): void {
  const { state, config } = turn
  for (const [requestId, pending] of [...state.pending]) {
    pending.ageMs += config.retransmitMs
    if (pending.ageMs > config.requestTimeoutMs)
      finish(
        turn,
        requestId,
        pending.idle ? unavailable : { type: 'info', error: 'no answer from the owner of its shard' },
      )
    else if (pending.idle) pass(turn, requestId, pending)
  }
}

function finish(turn: ShardedTurn, requestId: string, result: Completion): void {
  const { state } = turn
  if (state.pending.delete(requestId)) turn.reply(requestId, result)
}
