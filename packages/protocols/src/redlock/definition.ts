import type { NodeId } from '@chaosproxy/faults'
import type { InvariantWatch, ProtocolDefinition } from '../definition.ts'
import { bug, defineProtocol } from '../options.ts'
import { createRedlock } from './machine.ts'
import { type RedlockMessage, type RedlockState, trueMajority } from './state.ts'

/** This time is longer than any client of a run holds a lock. */
const LONG_MS = 10_000
const FENCED = { fencing: true, 'ttl-ms': 100 } as const
const LONG = { 'ttl-ms': LONG_MS } as const

/** The fraction of the time to live that is allowed for clock drift. */
const DRIFT = 0.1

export const redlock: ProtocolDefinition = defineProtocol({
  name: 'redlock',
  weakness: ({ fencing, 'ttl-ms': ttlMs = 1_000 }) =>
    fencing === true ? undefined : `a lock expires after ${ttlMs} ms, and its holder may not notice`,
  summary: 'a lock on a majority of independent masters, for a time to live',
  defaultNodes: 5,
  // Objects that have a separate lock for each key.
  objects: ['register', 'counter', 'set', 'queue', 'log', 'lock'],
  settings: {
    'ttl-ms': {
      summary: 'time after which a master drops a lock that is not released',
      default: 1_000,
      isLeaseMs: true,
    },
    fencing: {
      summary:
        'whether the holder writes a token to a majority and the resource refuses lower ones; Redlock itself has no tokens',
      default: false,
    },
    'clock-drift': { summary: 'share of the time to live that is reserved for clock drift', default: DRIFT },
    'attempt-ms': { summary: 'the time within which a majority must have answered', default: 50, worthTrying: [200] },
    'request-timeout-ms': { summary: 'how long a request tries to get the lock', default: 500 },
  },
  bugs: {
    'no-majority': bug('one master less than a majority suffices', ['partition', 'loss'], { settings: FENCED }),
    'validity-not-subtracted': bug(
      'the time spent acquiring the lock is not subtracted from its time to live',
      ['delay', 'pause'],
      { settings: { ...FENCED, 'ttl-ms': 20, 'attempt-ms': 200 } },
    ),
    'release-any': bug('a lock is released without checking who holds it', ['delay', 'loss'], {
      settings: LONG,
      workload: 'lock',
    }),
    'forget-on-restart': bug('masters keep locks in memory only, and come back at once', ['kill'], {
      settings: LONG,
      workload: 'lock',
    }),
  },
  invariants: [
    /** When a client is granted a lock, a majority of masters hold the lock for that client. */
    { name: 'a majority has what is granted', watch: watchGrants },
  ],
  // A lock is linearizable if no client holds it beyond its time to live. Other objects require fencing, because only a
  // token shows that the sender of a message has lost the lock.
  promises: (object, { fencing = false, 'ttl-ms': ttlMs = 0 }) =>
    (object === 'lock' ? Number(ttlMs) >= LONG_MS : fencing === true) ? 'linearizable' : 'none',
  strictest: FENCED,
  impossible: (_, nodes) =>
    nodes % 2 === 0
      ? `${nodes} masters survive no more failures than ${nodes - 1} masters do, and two halves can block each other: use an odd number`
      : undefined,
  clocks: ({ 'clock-drift': share = DRIFT }) => ({ drift: 1 / (1 - Number(share)) }),
  create: createRedlock,
})

function watchGrants(): InvariantWatch<RedlockState, RedlockMessage> {
  const masters = new Map<NodeId, RedlockState>()
  return (node) => (state) => {
    masters.set(node, state)
    const { granted } = state
    if (granted === undefined) return undefined
    const { key, value, ownHad } = granted
    // `node` is both a client and a master. In this step, its master may have released the lock after its client was
    // granted the lock. So `ownHad`, and not `locks`, shows whether the master held the lock at the time of the grant.
    let having = ownHad ? 1 : 0
    for (const [master, { locks }] of masters) if (master !== node && locks.get(key) === value) having++
    if (having >= trueMajority(state)) return undefined
    return `${node} was granted ${key} when only ${having} of ${state.masters.length} masters held the lock for it`
  }
}
