import { defineMachine, type MachineMaker, supported } from '../define-machine.ts'
import { inOrder } from '../members.ts'
import { UNKEYED, valueIn } from '../objects/object.ts'
import { serviceMessages } from './service.ts'
import type { LeaseLock, LeaseLockTurn } from './state.ts'
import { handleRequest, workAgain, workerMessages } from './worker.ts'

/** Objects that have a separate lock for each key. */
const KEYED = ['register', 'counter', 'set', 'queue', 'log']

/**
 * Every node serves clients: it acquires the lock of a key, loads the content from the store, applies the requests,
 * stores the result and releases the lock. The first node is also the lock service, and the second is also the store. A
 * lock is a lease, so a holder may not notice that it has lost the lock. With fencing, the store refuses a request
 * whose token is lower than one that the store has seen.
 */
export const createLeaseLock: MachineMaker<LeaseLock> = defineMachine<LeaseLock>({
  initial({ id, peers, seed }, { fencing }) {
    const [service, store = service] = inOrder(id, peers)
    return {
      id,
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
  },
  redo({ state }, record) {
    if (record.kind === 'grant') state.locks.set(record.key, { ...record.grant, since: 0 })
    else if (record.kind === 'cell') state.cells.set(record.key, record.cell)
    else {
      const lock = state.locks.get(record.key)
      if (lock !== undefined) state.locks.set(record.key, { ...lock, section: undefined })
    }
  },
  begin: (turn) => turn.setTimer('again', turn.config.retransmitMs),
  before(turn) {
    if (!turn.state.renewed) renewLeases(turn)
  },
  request: supported((turn, requestId, command) => {
    const key = KEYED.includes(turn.config.object.name) ? (command.input.key ?? UNKEYED) : UNKEYED
    handleRequest(turn, key, { requestId, command })
  }),
  messages: {
    ...serviceMessages,
    ...workerMessages,
  },
  timers: {
    again(turn) {
      workAgain(turn)
      turn.setTimer('again', turn.config.retransmitMs)
    },
  },
  status: ({ id, service, store }) => ({
    role: id === service ? 'lock service' : id === store ? 'store' : 'worker',
    leads: id === service,
    leader: service,
    ready: true,
  }),
  holds({ id, store, cells }, read, { object }) {
    if (id !== store) return undefined
    const content = (cells.get(read.key ?? UNKEYED) ?? cells.get(UNKEYED))?.content ?? null
    return valueIn(object, content === null ? object.initial() : object.load(content), read)
  },
})

/**
 * After a restart, counts every lease from its beginning again. Each lease may have been granted just before the
 * restart.
 */
function renewLeases({ state, steady }: LeaseLockTurn): void {
  state.renewed = true
  for (const [key, lock] of state.locks) state.locks.set(key, { ...lock, since: steady })
}
