import type { NodeId } from '@chaosproxy/faults'
import { type Command, commandOf } from '../command.ts'
import type { MachineEvent, NodeSetting, StateMachine } from '../machine.ts'
import { unsupported } from '../objects/object.ts'
import { inOrder } from '../owner.ts'
import { createForwarding, issueTicket, takeTicket } from '../routing/forwarding.ts'
import {
  giveUpWaiting,
  handleCompacted,
  handleEvents,
  handleListed,
  handlePresent,
  read,
  resync,
} from './api-server.ts'
import {
  reply,
  send,
  type Turn,
  type WatchCacheConfig,
  type WatchCacheMessage,
  type WatchCacheRecord,
  type WatchCacheState,
} from './state.ts'
import { handleList, handleWatch, keep, write } from './store.ts'

export type WatchCacheMachine = StateMachine<WatchCacheState, WatchCacheMessage, WatchCacheRecord>

type Request = Extract<MachineEvent<WatchCacheMessage>, { readonly type: 'request' }>

/**
 * A store with a revision for each change, and API servers that keep a copy of it by list and watch, as in Kubernetes. The
 * first node is the store, which takes all writes; it answers reads as well, and is never late. The caches of the others
 * are late by what is on its way, and while they are cut off by as long as that lasts.
 */
export function createWatchCache(config: WatchCacheConfig): WatchCacheMachine {
  return {
    start(node, journal, now) {
      const turn: Turn = { config, state: recover(config, node, journal), effects: [], steady: now }
      if (!isStore(turn)) {
        resync(turn)
        turn.effects.push({ type: 'setTimer', timer: 'resync', afterMs: config.resyncMs })
      }
      return turn
    },
    step(state, event, _, steady) {
      const turn: Turn = { config, state, effects: [], steady }
      switch (event.type) {
        case 'request':
          handleRequest(turn, event)
          break
        case 'message':
          handleMessage(turn, event.from, event.message)
          break
        case 'timer':
          giveUpWaiting(turn, config.requestTimeoutMs)
          resync(turn)
          turn.effects.push({ type: 'setTimer', timer: 'resync', afterMs: config.resyncMs })
          break
        default:
          event satisfies never
      }
      return turn
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
  }
}

const isStore = ({ state }: Turn): boolean => state.id === state.store

function recover(
  { object, history }: WatchCacheConfig,
  { id, peers, seed }: NodeSetting,
  journal: readonly WatchCacheRecord[],
): WatchCacheState {
  const state: WatchCacheState = {
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
  }
  for (const change of journal) {
    object.apply(state.held, change.input)
    state.revision = change.revision
    keep(state, change, history)
  }
  return state
}

function handleRequest(turn: Turn, request: Request): void {
  const { state, config } = turn
  const { requestId, input } = request
  const { object } = config
  if (!object.functions.includes(input.f)) reply(turn, requestId, unsupported)
  else if (object.reads.includes(input.f)) {
    if (isStore(turn)) reply(turn, requestId, object.apply(state.held, input))
    else read(turn, requestId, input)
  } else if (isStore(turn)) reply(turn, requestId, write(turn, input))
  else forward(turn, requestId, commandOf(request))
}

function handleMessage(turn: Turn, from: NodeId, message: WatchCacheMessage): void {
  switch (message.type) {
    case 'write':
      handleWrite(turn, from, message)
      return
    case 'written':
      reply(turn, message.requestId, message.result)
      return
    case 'list':
      handleList(turn, from)
      return
    case 'listed':
      handleListed(turn, message)
      return
    case 'watch':
      handleWatch(turn, from, message.from)
      return
    case 'events':
      handleEvents(turn, message)
      return
    case 'compacted':
      handleCompacted(turn)
      return
    case 'revision':
      send(turn, from, { type: 'present', requestId: message.requestId, revision: turn.state.revision })
      return
    case 'present':
      handlePresent(turn, message)
      return
    default:
      message satisfies never
  }
}

function forward({ state, effects }: Turn, requestId: string, command: Command): void {
  const message = { type: 'write', requestId, command, ticket: issueTicket(state.forwarding) } as const
  effects.push({ type: 'send', to: state.store, message })
}

function handleWrite(
  turn: Turn,
  from: NodeId,
  { requestId, command, ticket }: Extract<WatchCacheMessage, { readonly type: 'write' }>,
): void {
  if (!takeTicket(turn.state.forwarding, from, ticket)) return
  send(turn, from, { type: 'written', requestId, result: write(turn, command.input) })
}
