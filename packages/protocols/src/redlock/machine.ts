import type { NodeId } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { createGenerator } from '../generator.ts'
import type { MachineEvent, NodeSetting, StateMachine } from '../machine.ts'
import { UNKEYED, unsupported } from '../objects/object.ts'
import { inOrder } from '../owner.ts'
import {
  begin,
  handleDeleted,
  handleLoaded,
  handleRaised,
  handleRefused,
  handleSetDone,
  handleStored,
  release,
  workAgain,
} from './client.ts'
import { expire, handleDelete, handleRaise, handleSet, replay } from './master.ts'
import { handleLoad, handleStore } from './resource.ts'
import {
  nameOfToken,
  type RedlockConfig,
  type RedlockMessage,
  type RedlockRecord,
  type RedlockState,
  reply,
  type Turn,
} from './state.ts'

export type RedlockMachine = StateMachine<RedlockState, RedlockMessage, RedlockRecord>

type Request = Extract<MachineEvent<RedlockMessage>, { readonly type: 'request' }>

const AGAIN_MS = millis(20)

/**
 * Redlock (redis.io, "Distributed Locks with Redis"): a lock is held by whoever has it on a majority of N independent
 * masters, for a time to live. Every node is one of the masters, and a client of all. Of a `lock`, clients take and
 * release what they like. Other objects stand for the resource that a lock is for: the first node keeps it, and every
 * request loads it, changes it and stores it under the lock of its key.
 */
export function createRedlock(config: RedlockConfig): RedlockMachine {
  return {
    start(node, journal, now) {
      const state = recover(node, journal)
      const turn: Turn = { config, state, effects: [], steady: now, receive }
      turn.effects.push({ type: 'setTimer', timer: 'again', afterMs: AGAIN_MS })
      // How long it was down is unknown, so every key may have all its time before it.
      for (const key of state.locks.keys())
        turn.effects.push({ type: 'setTimer', timer: `expire ${key}`, afterMs: config.ttlMs })
      return turn
    },
    step(state, event, _, steady) {
      const turn: Turn = { config, state, effects: [], steady, receive }
      state.granted = undefined
      switch (event.type) {
        case 'request':
          handleRequest(turn, event)
          break
        case 'message':
          receive(turn, event.from, event.message)
          break
        case 'timer':
          if (event.timer !== 'again') expire(turn, event.timer.slice('expire '.length))
          else {
            workAgain(turn)
            turn.effects.push({ type: 'setTimer', timer: 'again', afterMs: AGAIN_MS })
          }
          break
        default:
          event satisfies never
      }
      return turn
    },
    status: () => ({ role: 'master', leads: false, ready: true }),
  }
}

function recover({ id, peers, seed }: NodeSetting, journal: readonly RedlockRecord[]): RedlockState {
  const masters = inOrder(id, peers)
  const state: RedlockState = {
    id,
    masters,
    resource: masters[0],
    life: seed,
    generator: createGenerator(seed),
    locks: new Map(),
    counters: new Map(),
    tokens: new Map(),
    gone: new Map(),
    cells: new Map(),
    attempts: new Map(),
    releases: new Map(),
    waiting: [],
    held: new Map(),
    named: 0,
    granted: undefined,
  }
  for (const record of journal) replay(state, record)
  return state
}

function handleRequest(turn: Turn, { requestId, input }: Request): void {
  const { state, config, steady } = turn
  const { f, key = UNKEYED, value } = input
  if (!config.object.functions.includes(f)) reply(turn, requestId, unsupported)
  else if (config.object.name !== 'lock') begin(turn, key, { type: 'apply', requestId, input, since: steady })
  else if (f === 'acquire') begin(turn, key, { type: 'hold', requestId })
  else {
    // A client may release through another node than the one it has the lock from.
    const name = nameOfToken(key, value)
    const held = state.held.get(name) ?? (config.fencing ? name : String(value))
    state.held.delete(name)
    release(turn, key, held, { id: requestId, token: value })
  }
}

function receive(turn: Turn, from: NodeId, message: RedlockMessage): void {
  switch (message.type) {
    case 'set':
      handleSet(turn, from, message)
      return
    case 'set-done':
      handleSetDone(turn, from, message)
      return
    case 'raise':
      handleRaise(turn, from, message)
      return
    case 'raised':
      handleRaised(turn, from, message)
      return
    case 'delete':
      handleDelete(turn, from, message)
      return
    case 'deleted':
      handleDeleted(turn, from, message)
      return
    case 'load':
      handleLoad(turn, from, message)
      return
    case 'loaded':
      handleLoaded(turn, message)
      return
    case 'store':
      handleStore(turn, from, message)
      return
    case 'stored':
      handleStored(turn, message)
      return
    case 'refused':
      handleRefused(turn, message)
      return
    default:
      message satisfies never
  }
}
