import { UserError } from '@chaosproxy/history'
import type { ProtocolDefinition } from '../definition.ts'
import { defineProtocol } from '../options.ts'
import { shardedInvariants } from './invariants.ts'
import { createSharded } from './machine.ts'

export const sharded: ProtocolDefinition = defineProtocol({
  name: 'sharded',
  summary: 'keys are spread over shards, each with one owner; shards move from node to node under load',
  defaultNodes: 3,
  // Objects whose keys have nothing to do with each other.
  objects: ['register', 'counter', 'set', 'queue', 'lock', 'log'],
  knobs: [
    {
      name: 'by',
      summary:
        'how the shard of a key is found: by its hash, by its first letter, or from a directory on the first node',
      default: 'hash',
      values: ['hash', 'range', 'directory'],
      worthTrying: ['directory'],
    },
    { name: 'shards', summary: 'how many shards there are', default: 8, worthTrying: [2] },
    {
      name: 'rebalance-ms',
      summary: 'how often each node gives one of its shards to another',
      default: 100,
      worthTrying: [20],
    },
    {
      name: 'retransmit-ms',
      summary: 'how often a shard is sent again, and a request that found no owner asked again',
      default: 20,
    },
    { name: 'request-timeout-ms', summary: 'how long a request waits for the owner of its shard', default: 1000 },
  ],
  bugs: [
    {
      name: 'both-owners-serve',
      summary: 'a shard is served by its earlier owner until the next has confirmed it',
    },
    {
      name: 'drop-in-flight',
      summary: 'writes that arrive while their shard is on its way are answered, and go nowhere',
    },
  ],
  invariants: shardedInvariants,
  promises: () => 'linearizable',
  create(chosen) {
    const shards = chosen.number('shards')
    if (!Number.isInteger(shards))
      throw new UserError('usage', `sharded: shards=${shards} is not possible; give a whole number, 1 or more.`)
    const by = chosen.value('by')
    return createSharded({
      object: chosen.object,
      by: by === 'range' || by === 'directory' ? by : 'hash',
      shards,
      rebalanceMs: chosen.ms('rebalance-ms'),
      retransmitMs: chosen.ms('retransmit-ms'),
      requestTimeoutMs: chosen.ms('request-timeout-ms'),
      bug: chosen.bug,
    })
  },
})
