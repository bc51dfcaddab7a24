import type { NodeId } from '@chaosproxy/faults'
import { commandOf } from '../command.ts'
import type { NodeSetting, StateMachine } from '../machine.ts'
import { UNKEYED } from '../objects/object.ts'
import { handleAcquire, handleRelease } from './service.ts'
import type { LeaseLockConfig, LeaseLockMessage, LeaseLockRecord, LeaseLockState, Turn } from './state.ts'
import { handleLoad, handleStore } from './store.ts'
import { handleGranted, handleLoaded, handleRefused, handleRequest, handleStored, workAgain } from './worker.ts'

export type LeaseLockMachine = StateMachine<LeaseLockState, LeaseLockMessage, LeaseLockRecord>

/** Objects of which each key is a content of its own, with its own lock. Others have one lock. */
const KEYED = ['register', 'counter', 'set', 'queue', 'log']

/**
 * Every node serves clients, and does so under a lock: it acquires the lock of the key, loads what the store has, applies
 * the requests and stores the result. The first node is the lock service, the second the store. The lock is a lease: its
 * holder may believe that it still holds it when it is another's. With fencing the store refuses the earlier one.
 */
export function createLeaseLock(config: LeaseLockConfig): LeaseLockMachine {
  return {
    start(node, journal, now) {
      const state = recover(node, journal, config.fencing)
      const turn: Turn = { config, state, effects: [], now, steady: now, receive }
      turn.effects.push({ type: 'setTimer', timer: 'again', afterMs: config.retransmitMs })
      return turn
    },
    step(state, event, now, steady) {
      const turn: Turn = { config, state, effects: [], now, steady, receive }
      if (!state.renewed) renewLeases(turn)
      switch (event.type) {
        case 'request': {
          const key = KEYED.includes(config.object.name) ? (event.input.key ?? UNKEYED) : UNKEYED
          handleRequest(turn, key, { requestId: event.requestId, command: commandOf(event) })
          break
        }
        case 'message':
          receive(turn, event.from, event.message)
          break
        case 'timer':
          workAgain(turn)
          turn.effects.push({ type: 'setTimer', timer: 'again', afterMs: config.retransmitMs })
          break
        default:
          event satisfies never
      }
      return turn
    },
    status: ({ id, service, store }) => ({
      role: id === service ? 'lock service' : id === store ? 'store' : 'worker',
      leads: id === service,
      leader: service,
      ready: true,
    }),
  }
}

function recover({ id, peers, seed }: NodeSetting, journal: readonly LeaseLockRecord[], fencing: boolean) {
  const [service = id, store = service] = [id, ...peers].sort()
  const state: LeaseLockState = {
    id,
    peers,
    service,
    store,
    life: seed,
    fencing,
    locks: new Map(),
    renewed: false,
    cells: new Map(),
    clash: undefined,
    sections: new Map(),
    waiting: new Map(),
    named: 0,
  }
  for (const record of journal)
    if (record.kind === 'grant') state.locks.set(record.key, { ...record.grant, since: 0 })
    else if (record.kind === 'cell') state.cells.set(record.key, record.cell)
    else {
      const lock = state.locks.get(record.key)
      if (lock !== undefined) state.locks.set(record.key, { ...lock, section: undefined })
    }
  return state
}

/** How long the service was down is unknown, so every lease may have all its time before it. */
function renewLeases({ state, steady }: Turn): void {
  state.renewed = true
  for (const [key, lock] of state.locks) state.locks.set(key, { ...lock, since: steady })
}

function receive(turn: Turn, from: NodeId, message: LeaseLockMessage): void {
  switch (message.type) {
    case 'acquire':
      handleAcquire(turn, from, message)
      return
    case 'release':
      handleRelease(turn, message)
      return
    case 'load':
      handleLoad(turn, from, message)
      return
    case 'store':
      handleStore(turn, from, message)
      return
    case 'granted':
      handleGranted(turn, message)
      return
    case 'loaded':
      handleLoaded(turn, message)
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
