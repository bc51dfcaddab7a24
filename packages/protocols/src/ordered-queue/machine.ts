import type { NodeId } from '@chaosproxy/faults'
import { defineMachine, type MachineMaker, supported } from '../define-machine.ts'
import { inOrder } from '../members.ts'
import { ok, unavailable, valueIn } from '../objects/object.ts'
import type { Entry, OrderedQueue, OrderedQueueTurn } from './state.ts'

/** The number of entries or proposals per message. */
const BATCH = 64
/** The largest number of a node's pending updates. Above it, updates are refused. */
const PENDING_LIMIT = 10_000

/**
 * One node puts all updates in one order and sends them without waiting for answers. Every node applies them in that
 * order, and answers reads from its own copy. A writer is answered once its own node has applied its update. This is an
 * atomic broadcast with local reads (Attiya & Welch, "Sequential consistency versus linearizability", 1994). It is
 * sequentially consistent for clients that stay with one node. It is not linearizable, because a node may lag.
 */
export const createOrderedQueue: MachineMaker<OrderedQueue> = defineMachine<OrderedQueue>({
  initial: ({ id, peers, seed: life }, { object }) => ({
    id,
    peers,
    orderer: inOrder(id, peers)[0],
    life,
    log: [],
    held: object.initial(),
    proposed: 0,
    pending: new Map(),
    early: new Set(),
    taken: new Map(),
    have: new Map(),
  }),
  redo({ state, config }, entries) {
    for (const entry of entries) {
      state.log.push(entry)
      config.object.apply(state.held, entry.command.input)
      state.taken.set(entry.life, entry.number)
    }
  },
  begin: (turn) => turn.setTimer('again', turn.config.retransmitMs),
  request: supported((turn, requestId, command) => {
    const { state, config } = turn
    const { input } = command
    const { object } = config
    // Reads return durable values, because the host executes no effect before it has finished every earlier `persist`.
    if (object.reads.includes(input.f)) {
      turn.reply(requestId, object.apply(state.held, input))
      return
    }
    if (state.pending.size >= PENDING_LIMIT) {
      turn.reply(requestId, unavailable)
      return
    }
    const number = ++state.proposed
    // The bug: a writer is answered before its own node has applied the write, so its next read may miss the write.
    const early = state.id !== state.orderer && turn.suffers('read-before-own-write')
    if (early) turn.reply(requestId, ok(input.value))
    state.pending.set(number, { requestId: early ? undefined : requestId, command })
    if (state.id === state.orderer) order(turn, { origin: state.id, life: state.life, number, command })
    else turn.send(state.orderer, { type: 'propose', life: state.life, number, command })
  }),
  messages: {
    propose(turn, { life, number, command }, from) {
      order(turn, { origin: from, life, number, command })
    },
    entries(turn, { from, entries }) {
      const { state, config } = turn
      const { log } = state
      if (from > log.length + 1) {
        if (config.bug === 'apply-out-of-order') applyEarly(turn, from, entries)
      } else {
        const fresh = entries.slice(log.length + 1 - from)
        if (fresh.length > 0) {
          // The bug: applied updates are kept only in memory, so a restart undoes values that reads have returned.
          turn.persistUnless('forget-applied', fresh)
        }
        for (const entry of fresh) {
          log.push(entry)
          if (!state.early.delete(log.length)) apply(turn, entry)
        }
      }
      turn.send(state.orderer, { type: 'have', count: log.length })
    },
    have(turn, { count }, peer) {
      const { have, log } = turn.state
      const before = have.get(peer)
      have.set(peer, count)
      // A node that confirms a whole batch is catching up, so it gets the next batch. Other nodes are sent each new entry
      // anyway.
      if (before !== undefined && count >= before + BATCH && count < log.length) spread(turn, peer)
    },
  },
  timers: {
    again(turn) {
      const { state, config } = turn
      if (state.id === state.orderer) for (const peer of state.peers) spread(turn, peer)
      else proposeAgain(turn)
      turn.setTimer('again', config.retransmitMs)
    },
  },
  status: ({ id, orderer }) => ({
    role: id === orderer ? 'orderer' : 'replica',
    leads: id === orderer,
    leader: orderer,
    ready: true,
  }),
  holds: ({ held }, read, { object }) => valueIn(object, held, read),
})

/** Repeats proposals, since a proposal or its entry may have been lost. The ordering node recognises repetitions. */
function proposeAgain(turn: OrderedQueueTurn): void {
  const { state } = turn
  let left = BATCH
  for (const [number, { command }] of state.pending) {
    if (left-- === 0) break
    turn.send(state.orderer, { type: 'propose', life: state.life, number, command })
  }
}

/** Appends an update to the order. Each update is accepted once. */
function order(turn: OrderedQueueTurn, entry: Entry): void {
  const { state } = turn
  if (entry.number !== (state.taken.get(entry.life) ?? 0) + 1) return
  state.taken.set(entry.life, entry.number)
  state.log.push(entry)
  turn.persist([entry])
  for (const peer of state.peers) turn.send(peer, { type: 'entries', from: state.log.length, entries: [entry] })
  apply(turn, entry)
}

function spread(turn: OrderedQueueTurn, peer: NodeId): void {
  const { log, have } = turn.state
  const count = have.get(peer) ?? log.length
  if (count === log.length && have.has(peer)) return
  turn.send(peer, { type: 'entries', from: count + 1, entries: log.slice(count, count + BATCH) })
}

/** Part of a bug: updates are applied in the order of their arrival. */
function applyEarly(turn: OrderedQueueTurn, from: number, entries: readonly Entry[]): void {
  for (const [i, entry] of entries.entries()) {
    if (turn.state.early.has(from + i)) continue
    turn.mark()
    turn.state.early.add(from + i)
    apply(turn, entry)
  }
}

function apply(turn: OrderedQueueTurn, { origin, life, number, command }: Entry): void {
  const { state, config } = turn
  const result = config.object.apply(state.held, command.input)
  if (origin !== state.id || life !== state.life) return
  const requestId = state.pending.get(number)?.requestId
  state.pending.delete(number)
  if (requestId !== undefined) turn.reply(requestId, result)
}
