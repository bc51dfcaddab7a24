import type { Completion, Input } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import { defineMachine, type MachineMaker, supported } from '../define-machine.ts'
import { inOrder } from '../members.ts'
import { valueIn } from '../objects/object.ts'
import { createForwarding, issueTicket, takeTicket } from '../routing/forwarding.ts'
import { apiServerMessages, giveUpWaiting, read, resync } from './api-server.ts'
import type { WatchCache, WatchCacheMessage, WatchCacheState, WatchCacheTurn } from './state.ts'

// The store (etcd): every change has a revision. A watch sends all changes from a revision on, in order and without
// gaps, as long as they are kept (etcd, "KV API guarantees": ordered, unique, atomic, reliable, resumable).

/** Changes per message. */
const BATCH = 64

function write(turn: WatchCacheTurn, input: Input): Completion {
  const { state, config } = turn
  const result = config.object.apply(state.held, input)
  if (result.type !== 'ok') return result
  const change = { revision: ++state.revision, input }
  keep(state, change, config.history)
  turn.persist(change)
  for (const peer of state.peers)
    turn.send(peer, { type: 'events', from: change.revision, to: change.revision, changes: [change] })
  return result
}

/** Keeps a change for watches. If there are too many, the oldest changes are removed. */
function keep(state: WatchCacheState, change: { revision: number; input: Input }, history: number): void {
  state.changes.push(change)
  if (state.changes.length > history) state.changes.splice(0, Math.ceil(history / 2))
}

/**
 * A store with a revision for each change, and API servers that keep a copy of it by list and watch, as in Kubernetes.
 * The first node is the store, which performs all writes; its own reads are never stale. The caches of the other nodes
 * lag behind.
 */
export const createWatchCache: MachineMaker<WatchCache> = defineMachine<WatchCache>({
  initial: ({ id, peers, seed }, { object }) => ({
    id,
    peers,
    store: inOrder(id, peers)[0],
    forwarding: createForwarding(seed),
    held: object.initial(),
    revision: 0,
    changes: [],
    known: new Map(),
    isListed: false,
    waiting: new Map(),
    skipped: undefined,
  }),
  redo({ state, config }, change) {
    config.object.apply(state.held, change.input)
    state.revision = change.revision
    keep(state, change, config.history)
  },
  begin(turn) {
    if (isStore(turn)) return
    resync(turn)
    turn.setTimer('resync', turn.config.resyncMs)
  },
  request: supported((turn, requestId, command) => {
    const { state, config } = turn
    const { input } = command
    const { object } = config
    if (object.reads.includes(input.f)) {
      if (isStore(turn)) turn.reply(requestId, object.apply(state.held, input))
      else read(turn, requestId, input)
    } else if (isStore(turn)) turn.reply(requestId, write(turn, input))
    else forward(turn, requestId, command)
  }),
  messages: {
    write(turn, { requestId, command, ticket }, from) {
      if (!takeTicket(turn.state.forwarding, from, ticket)) return
      turn.send(from, { type: 'written', requestId, result: write(turn, command.input) })
    },
    written: (turn, message) => turn.reply(message.requestId, message.result),
    list(turn, _, from) {
      const { state, config } = turn
      turn.send(from, { type: 'listed', revision: state.revision, content: config.object.save(state.held) })
    },
    ...apiServerMessages,
    /**
     * Resumes a watch, or answers that it cannot be resumed. If there are no new changes, sends a bookmark with the
     * revision that the peer already has.
     */
    watch(turn, { from: first }, peer) {
      const { state } = turn
      state.known.set(peer, first - 1)
      const oldest = state.changes[0]?.revision ?? state.revision + 1
      let from = first
      if (from < oldest && from <= state.revision) {
        if (!turn.suffers('ignore-compaction')) {
          turn.send(peer, { type: 'compacted' })
          return
        }
        // The bug: the watch begins with the oldest remaining change, and the watcher is not informed.
        from = oldest
      }
      const changes = state.changes.slice(from - oldest, from - oldest + BATCH)
      // If there are no new changes, `to` is the last revision that the peer has. The store's own last revision may be
      // earlier if the store lost changes.
      const message: WatchCacheMessage = {
        type: 'events',
        from: first,
        to: changes.at(-1)?.revision ?? first - 1,
        changes,
      }
      turn.send(peer, message)
    },
    revision: (turn, message, from) =>
      turn.send(from, { type: 'present', requestId: message.requestId, revision: turn.state.revision }),
  },
  timers: {
    resync(turn) {
      giveUpWaiting(turn, turn.config.requestTimeoutMs)
      resync(turn)
      turn.setTimer('resync', turn.config.resyncMs)
    },
  },
  status(state) {
    const { id, store, peers, known, revision } = state
    const owes = id === store && peers.some((peer) => known.get(peer) !== revision)
    return {
      role: id === store ? 'store' : 'API server',
      leads: id === store,
      leader: store,
      ready: id === store || state.isListed,
      ...(owes ? { owes } : {}),
    }
  },
  holds: ({ held }, read, { object }) => valueIn(object, held, read),
})

const isStore = ({ state }: WatchCacheTurn): boolean => state.id === state.store

function forward(turn: WatchCacheTurn, requestId: string, command: Command): void {
  const { store, forwarding } = turn.state
  turn.send(store, { type: 'write', requestId, command, ticket: issueTicket(forwarding) })
}
