import type { NodeId } from '@chaosproxy/faults'
import { millis, usageError } from '@chaosproxy/history'
import type { InvariantWatch, ProtocolDefinition } from '../definition.ts'
import { bug, defineProtocol } from '../options.ts'
import { planners } from '../two-phase-commit/items.ts'
import { twoPhaseInvariants } from '../two-phase-commit/state.ts'
import { createSharded } from './machine.ts'
import type { ShardedMessage, ShardedState } from './state.ts'

const TRANSACTIONAL: readonly string[] = ['transactions', 'bank']
const CHECK_MS = millis(50)
const VOTE_TIMEOUT_MS = millis(200)
/** The largest number of attempts of a transaction. An attempt fails if a key is locked, or if its shard is moving. */
const ATTEMPTS = 60

export const sharded: ProtocolDefinition = defineProtocol({
  name: 'sharded',
  summary: 'keys are spread over shards, each with one owner; shards move from node to node under load',
  defaultNodes: 3,
  // Two kinds of objects are supported: those whose keys are independent, and those whose operations are transactions
  // over several keys.
  objects: ['register', 'counter', 'set', 'queue', 'lock', 'log', ...TRANSACTIONAL],
  settings: {
    by: {
      summary: "how a key's shard is found: by its hash, by its first letter, or from a directory on the first node",
      default: 'hash',
      values: ['hash', 'range', 'directory'],
      worthTrying: ['directory'],
    },
    shards: { summary: 'how many shards there are', default: 8, worthTrying: [2] },
    'rebalance-ms': {
      summary: 'how often each node gives one of its shards to another',
      default: 100,
      worthTrying: [20],
    },
    'retransmit-ms': {
      summary:
        'interval at which a shard in transit is sent again, and a request that found no owner is forwarded again',
      default: 20,
    },
    'request-timeout-ms': { summary: 'how long a request waits for the owner of its shard', default: 1000 },
  },
  bugs: {
    'both-owners-serve': bug('a shard is served by its former owner until the next has confirmed it'),
    'drop-in-flight': bug('writes that arrive while their shard is moving are answered, and lost'),
  },
  invariants: [
    /** No two nodes serve the same shard, even if messages of its moves are lost. */
    { name: 'one owner per shard', watch: watchOwners },
    ...twoPhaseInvariants,
  ],
  promises: () => 'linearizable',
  create(chosen) {
    const { object, shards } = chosen
    if (!Number.isInteger(shards))
      throw usageError(`sharded: shards=${shards} is not possible; give a whole number, 1 or more.`)
    return createSharded({
      ...chosen,
      transactions: TRANSACTIONAL.includes(object.name),
      planner: planners[object.name] ?? (() => undefined),
      ...{ checkMs: CHECK_MS, voteTimeoutMs: VOTE_TIMEOUT_MS, attempts: ATTEMPTS },
    })
  },
})

function watchOwners(): InvariantWatch<ShardedState, ShardedMessage> {
  const owners = new Map<number, NodeId>()
  return (node) => {
    let moves = -1
    return (state, event) => {
      if (event !== undefined && state.moves === moves) return undefined
      moves = state.moves
      for (const [shard, owner] of owners) if (owner === node && !state.owned.has(shard)) owners.delete(shard)
      for (const shard of state.owned.keys()) {
        const other = owners.get(shard)
        if (other !== undefined && other !== node) return `${node} owns shard ${shard}, and so does ${other}`
        owners.set(shard, node)
      }
      return undefined
    }
  }
}
