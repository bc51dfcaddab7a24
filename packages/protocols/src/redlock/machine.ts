import { millis } from '@chaosproxy/history'
import { defineMachine, type MachineMaker, supported } from '../define-machine.ts'
import { createGenerator } from '../generator.ts'
import { inOrder } from '../members.ts'
import { UNKEYED } from '../objects/object.ts'
import { begin, clientMessages, release, workAgain } from './client.ts'
import { expire, masterMessages, replay } from './master.ts'
import { type Cell, nameOfToken, type Redlock, type RedlockTurn } from './state.ts'

// The initial content of the resource that the lock protects. `fence` is the highest token: only fencing tokens can
// show that a holder is late (Kleppmann, "How to do distributed locking", 2016).

const EMPTY: Cell = { content: null, by: '', fence: 0 }

function put(turn: RedlockTurn, key: string, cell: Cell): void {
  turn.state.cells.set(key, cell)
  turn.persist({ kind: 'cell', key, cell })
}

const AGAIN_MS = millis(20)

/**
 * Redlock (redis.io, "Distributed Locks with Redis"): a client holds a lock for a time to live if it has the key on a
 * majority of N independent masters. Every node is a master, and also a client of all masters. If the object is a
 * `lock`, clients acquire and release the lock themselves. Any other object is a resource on the first node, which
 * every request loads, changes and stores under the lock of its key.
 */
export const createRedlock: MachineMaker<Redlock> = defineMachine<Redlock>({
  initial({ id, peers, seed }) {
    const masters = inOrder(id, peers)
    return {
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
  },
  redo: ({ state }, record) => replay(state, record),
  begin(turn) {
    turn.setTimer('again', AGAIN_MS)
    // It is unknown how long the master was down, so every key may have its full time left.
    for (const key of turn.state.locks.keys()) turn.setTimer(`expire ${key}`, turn.config.ttlMs)
  },
  before({ state }) {
    state.granted = undefined
  },
  request: supported((turn, requestId, { input }) => {
    const { state, config, steady } = turn
    const { f, key = UNKEYED, value } = input
    if (config.object.name !== 'lock') begin(turn, key, { type: 'apply', requestId, input, since: steady })
    else if (f === 'acquire') begin(turn, key, { type: 'hold', requestId })
    else {
      // A client may release the lock through another node than the one that acquired it.
      const name = nameOfToken(key, value)
      const held = state.held.get(name) ?? (config.fencing ? name : String(value))
      state.held.delete(name)
      release(turn, key, held, { id: requestId, token: value })
    }
  }),
  messages: {
    ...masterMessages,
    ...clientMessages,
    /**
     * Handles a load. Its token is remembered, because an earlier holder must not overwrite a value that a later holder has
     * loaded.
     */
    load(turn, { key, value, token }, from) {
      const cell = turn.state.cells.get(key) ?? EMPTY
      if (turn.config.fencing && token < cell.fence) {
        turn.send(from, { type: 'refused', key, value })
        return
      }
      if (token > cell.fence) put(turn, key, { ...cell, fence: token })
      turn.send(from, { type: 'loaded', key, value, content: cell.content })
    },
    store(turn, { key, value, token, content }, from) {
      const cell = turn.state.cells.get(key) ?? EMPTY
      const isDone = cell.by === value
      if (!isDone && turn.config.fencing && token < cell.fence) {
        turn.send(from, { type: 'refused', key, value })
        return
      }
      if (!isDone) put(turn, key, { content, by: value, fence: Math.max(token, cell.fence) })
      turn.send(from, { type: 'stored', key, value })
    },
  },
  timers: {
    again(turn) {
      workAgain(turn)
      turn.setTimer('again', AGAIN_MS)
    },
    expire,
  },
  status: () => ({ role: 'master', leads: false, ready: true }),
})
