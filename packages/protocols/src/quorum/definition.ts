import type { ProtocolDefinition, ProtocolOptions } from '../definition.ts'
import { majorityOf } from '../members.ts'
import { bug, defineProtocol } from '../options.ts'
import { quorumInvariants } from './invariants.ts'
import { createQuorum } from './machine.ts'
import { FUNCTIONS } from './operations.ts'
import { impossibleSizes, overlap } from './sizes.ts'

const COUNTS = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const

/** The default is ABD: a majority of all nodes, writes in two phases, and reads that write back. */
export const quorum: ProtocolDefinition = defineProtocol({
  name: 'quorum',
  /** Describes how, with these settings, reads miss writes, or writes are lost. */
  weakness: (settings, nodes) => {
    const { r = 'majority', w = 'majority', replicas = 'all', sloppy, tags } = settings
    const copies = typeof replicas === 'number' ? replicas : nodes
    const most = { majority: majorityOf(copies), all: copies } as const
    const [reads, writes] = [r, w].map((count) =>
      count === 'majority' || count === 'all' ? most[count] : Number(count),
    )
    if ((reads ?? 0) + (writes ?? 0) <= copies)
      return `r + w is ${(reads ?? 0) + (writes ?? 0)}, not more than ${copies} replicas, so a read can miss the newest write`
    if (sloppy === true) return 'a sloppy quorum counts nodes that stand in, so a read can miss the newest write'
    if (tags === 'clock') return 'clocks order writes, so a slow clock loses a write'
    return settings['write-back'] === false ? 'a read does not write back, so a later read can be older' : undefined
  },
  summary: 'no leader: a read asks R of N replicas, a write W of them; by default atomic registers, as in ABD',
  defaultNodes: 5,
  objects: ['register'],
  settings: {
    replicas: { summary: 'how many nodes hold each key (N)', default: 'all', values: [...COUNTS, 'all'] },
    r: {
      summary: 'how many replicas a read waits for (R)',
      default: 'majority',
      values: [...COUNTS, 'majority', 'all'],
    },
    w: {
      summary: 'how many replicas a write waits for (W)',
      default: 'majority',
      values: [...COUNTS, 'majority', 'all'],
    },
    'write-back': {
      summary: 'whether a read first stores the value it found on W replicas, as in ABD',
      default: true,
    },
    tags: {
      summary:
        'what orders writes: a counter higher than those that R replicas report, or the clock of the node that takes the write',
      default: 'counter',
      values: ['counter', 'clock'],
    },
    'read-repair': {
      summary:
        'whether a read sends the latest version to replicas that answered with an older one, without waiting for them',
      default: true,
    },
    sloppy: {
      summary: 'whether other nodes stand in for replicas that do not answer, and hand over the writes later',
      default: false,
    },
    'anti-entropy': {
      summary: 'whether replicas compare their versions in the background until they agree',
      default: true,
    },
    'sync-ms': {
      summary: 'milliseconds between comparisons of versions, and between attempts to hand over writes',
      default: 100,
    },
    'request-timeout-ms': { summary: 'how long a request waits for replicas', default: 1000 },
  },
  bugs: {
    'no-write-back': bug('reads are answered with a version that only some replica has, so a later read may miss it', [
      'delay',
      'partition',
    ]),
    'quorum-off-by-one': bug('writes wait for one replica too few: R + W = N', ['partition']),
    'drop-handoff-on-restart': bug(
      'writes that a node took for another are kept in memory only, so a restart drops them',
      ['partition', 'kill'],
      { settings: { replicas: 3, r: 1, w: 1, sloppy: true, tags: 'clock' } },
    ),
    'no-tie-break': bug('of two writes with the same counter each replica keeps the one that it got first'),
  },
  functions: FUNCTIONS,
  invariants: quorumInvariants,
  promises,
  notUnder: (settings) => (settings['tags'] === 'clock' ? ['clock'] : []),
  impossible: impossibleSizes,
  create: createQuorum,
})

/**
 * Returns the promised level.
 *
 * - Registers are atomic if every read shares a replica with every write, reads write back, and tags are counters.
 * - Without write-back, registers are regular (Lamport, "On Interprocess Communication", 1986).
 * - A write that misses the previous write may get a lower tag, and is then lost. Tags from clocks prevent this.
 */
function promises(_: string, settings: ProtocolOptions['settings']): ReturnType<ProtocolDefinition['promises']> {
  const strict = overlap(settings) && settings['sloppy'] !== true
  const counts = settings['tags'] !== 'clock'
  if (strict && counts && settings['write-back'] !== false) return 'linearizable'
  return settings['anti-entropy'] !== false && (strict || !counts) ? 'eventual' : 'none'
}
