import type { NodeId } from '@chaosproxy/faults'
import { commandOf } from '../command.ts'
import type { MachineEvent, NodeSetting, StateMachine } from '../machine.ts'
import { ok, unavailable, unsupported } from '../objects/object.ts'
import {
  type Entry,
  mark,
  type OrderedQueueConfig,
  type OrderedQueueMessage,
  type OrderedQueueRecord,
  type OrderedQueueState,
  send,
  type Turn,
} from './state.ts'

export type OrderedQueueMachine = StateMachine<OrderedQueueState, OrderedQueueMessage, OrderedQueueRecord>

type Request = Extract<MachineEvent<OrderedQueueMessage>, { readonly type: 'request' }>

/** Entries or proposals per message or retransmission. */
const BATCH = 64
/** Nodes refuse updates beyond this number of their own that are not applied yet. */
const PENDING_LIMIT = 10_000

/**
 * One node puts all updates in one order and passes them on without waiting for anyone. Every node applies them in that
 * order, and answers reads at once from its own copy. A writer is answered once its own node has applied its update.
 * These are the local reads over an atomic broadcast of Attiya & Welch, "Sequential consistency versus linearizability",
 * 1994: sequentially consistent for clients that stay with one node, and not linearizable, since a node that lags answers
 * reads with old values.
 */
export function createOrderedQueue(config: OrderedQueueConfig): OrderedQueueMachine {
  return {
    start(node, journal) {
      const turn: Turn = { config, state: recover(config, node, journal), effects: [] }
      turn.effects.push({ type: 'setTimer', timer: 'again', afterMs: config.retransmitMs })
      return turn
    },
    step(state, event) {
      const turn: Turn = { config, state, effects: [] }
      switch (event.type) {
        case 'request':
          handleRequest(turn, event)
          break
        case 'message':
          handleMessage(turn, event.from, event.message)
          break
        case 'timer':
          if (state.id === state.orderer) for (const peer of state.peers) spread(turn, peer)
          else proposeAgain(turn)
          turn.effects.push({ type: 'setTimer', timer: 'again', afterMs: config.retransmitMs })
          break
        default:
          event satisfies never
      }
      return turn
    },
    status: ({ id, orderer }) => ({
      role: id === orderer ? 'orderer' : 'replica',
      leads: id === orderer,
      leader: orderer,
      ready: true,
    }),
  }
}

function recover({ object }: OrderedQueueConfig, node: NodeSetting, journal: readonly OrderedQueueRecord[]) {
  const { id, peers, seed: life } = node
  const state: OrderedQueueState = {
    id,
    peers,
    orderer: [id, ...peers].sort()[0] ?? id,
    life,
    log: journal.flat(),
    held: object.initial(),
    proposed: 0,
    pending: new Map(),
    early: new Set(),
    taken: new Map(),
    have: new Map(),
  }
  for (const { life: origin, number, command } of state.log) {
    object.apply(state.held, command.input)
    state.taken.set(origin, number)
  }
  return state
}

function handleRequest(turn: Turn, request: Request): void {
  const { state, config, effects } = turn
  const { requestId, input } = request
  const { object } = config
  if (!object.functions.includes(input.f)) {
    effects.push({ type: 'reply', requestId, result: unsupported })
    return
  }
  // Reads cost no message. What they see is durable: the host carries out nothing before an earlier `persist` is done.
  if (object.reads.includes(input.f)) {
    effects.push({ type: 'reply', requestId, result: object.apply(state.held, input) })
    return
  }
  if (state.pending.size >= PENDING_LIMIT) {
    effects.push({ type: 'reply', requestId, result: unavailable })
    return
  }
  const command = commandOf(request)
  const number = ++state.proposed
  // The mistake: a writer is answered before its own node has the write, so its next read may not show it.
  const early = config.bug === 'read-before-own-write' && state.id !== state.orderer
  if (early) {
    mark(turn)
    effects.push({ type: 'reply', requestId, result: ok(input.value) })
  }
  state.pending.set(number, { requestId: early ? undefined : requestId, command })
  if (state.id === state.orderer) order(turn, { origin: state.id, life: state.life, number, command })
  else send(turn, state.orderer, { type: 'propose', life: state.life, number, command })
}

/** A proposal may be lost, and so may be the entry it became; the node that orders knows which it has taken. */
function proposeAgain(turn: Turn): void {
  const { state } = turn
  let left = BATCH
  for (const [number, { command }] of state.pending) {
    if (left-- === 0) break
    send(turn, state.orderer, { type: 'propose', life: state.life, number, command })
  }
}

function handleMessage(turn: Turn, from: NodeId, message: OrderedQueueMessage): void {
  switch (message.type) {
    case 'propose': {
      const { life, number, command } = message
      order(turn, { origin: from, life, number, command })
      return
    }
    case 'entries':
      handleEntries(turn, message.from, message.entries)
      return
    case 'have':
      handleHave(turn, from, message.count)
      return
    default:
      message satisfies never
  }
}

/** Takes an update once, and the updates of one node in the order in which it proposed them. */
function order(turn: Turn, entry: Entry): void {
  const { state, effects } = turn
  if (entry.number !== (state.taken.get(entry.life) ?? 0) + 1) return
  state.taken.set(entry.life, entry.number)
  state.log.push(entry)
  effects.push({ type: 'persist', record: [entry] })
  for (const peer of state.peers) send(turn, peer, { type: 'entries', from: state.log.length, entries: [entry] })
  apply(turn, entry)
}

/** Sends a node what it lacks, as far as is known. */
function spread(turn: Turn, peer: NodeId): void {
  const { log, have } = turn.state
  const count = have.get(peer) ?? log.length
  if (count === log.length && have.has(peer)) return
  send(turn, peer, { type: 'entries', from: count + 1, entries: log.slice(count, count + BATCH) })
}

function handleHave(turn: Turn, peer: NodeId, count: number): void {
  const { have, log } = turn.state
  const before = have.get(peer)
  have.set(peer, count)
  // One batch after the other while it catches up; single entries are on their way already.
  if (before !== undefined && count >= before + BATCH && count < log.length) spread(turn, peer)
}

function handleEntries(turn: Turn, from: number, entries: readonly Entry[]): void {
  const { state, config, effects } = turn
  const { log } = state
  if (from > log.length + 1) {
    // Something before these was lost and comes again.
    if (config.bug === 'apply-out-of-order') applyEarly(turn, from, entries)
  } else {
    const fresh = entries.slice(log.length + 1 - from)
    if (fresh.length > 0) {
      // The mistake: what was applied is in memory only, so a restart takes back what reads have shown.
      if (config.bug === 'forget-applied') mark(turn)
      else effects.push({ type: 'persist', record: fresh })
    }
    for (const entry of fresh) {
      log.push(entry)
      if (!state.early.delete(log.length)) apply(turn, entry)
    }
  }
  send(turn, state.orderer, { type: 'have', count: log.length })
}

/** The mistake: updates are applied as they arrive. */
function applyEarly(turn: Turn, from: number, entries: readonly Entry[]): void {
  for (const [i, entry] of entries.entries()) {
    if (turn.state.early.has(from + i)) continue
    mark(turn)
    turn.state.early.add(from + i)
    apply(turn, entry)
  }
}

function apply(turn: Turn, { origin, life, number, command }: Entry): void {
  const { state, config, effects } = turn
  const result = config.object.apply(state.held, command.input)
  if (origin !== state.id || life !== state.life) return
  const requestId = state.pending.get(number)?.requestId
  state.pending.delete(number)
  if (requestId !== undefined) effects.push({ type: 'reply', requestId, result })
}
