import { millis } from '@chaos/history'
import type { ProtocolDefinition } from '../definition.ts'
import { chooseOptions, type Declared } from '../options.ts'
import { raftChanges, raftInvariants } from './invariants.ts'
import { createRaft } from './machine.ts'

const declared = {
  name: 'raft',
  knobs: [
    {
      name: 'pre-vote',
      summary: 'ask whether an election could be won before starting one',
      default: true,
      worthTrying: [false],
    },
    { name: 'heartbeat-ms', summary: 'milliseconds between heartbeats of a leader', default: 50 },
    { name: 'election-min-ms', summary: 'shortest election timeout, in milliseconds', default: 250 },
    { name: 'election-max-ms', summary: 'longest election timeout, in milliseconds', default: 500 },
    { name: 'batch', summary: 'most entries in one message', default: 64, worthTrying: [1] },
    {
      name: 'pipeline',
      summary: 'most messages with entries on their way to one follower',
      default: 4,
      worthTrying: [1],
    },
    {
      name: 'reads',
      summary: 'how a leader makes sure that it leads before it answers a read',
      default: 'read-index',
      values: ['read-index', 'lease'],
      worthTrying: ['lease'],
    },
    { name: 'clock-drift', summary: 'how much faster one clock may run than another, as leases assume', default: 1.25 },
    {
      name: 'snapshot-entries',
      summary: 'how many entries call for a snapshot that takes their place',
      default: 10_000,
      worthTrying: [4],
    },
    {
      name: 'transfer-ms',
      summary: 'how long a leader leads before it hands over to another; 0: as long as it can',
      default: 0,
      worthTrying: [150],
    },
    {
      name: 'resize-ms',
      summary: 'how often a leader takes a vote from a node, or gives one back; 0: never',
      default: 0,
      worthTrying: [100],
    },
    { name: 'leader-wait-ms', summary: 'how long a request waits for a leader before it is refused', default: 300 },
    { name: 'request-timeout-ms', summary: 'how long a request that a leader has waits for its answer', default: 1000 },
  ],
  bugs: [
    { name: 'ack-before-majority', summary: 'the leader takes an entry for committed once it has it itself' },
    { name: 'forget-vote', summary: 'term and vote are kept in memory only, so a restart forgets them' },
    { name: 'stale-read', summary: 'a leader answers reads without confirming that it still leads' },
    { name: 'commit-old-term', summary: 'entries of earlier terms are committed by counting their copies (Figure 8)' },
    { name: 'no-log-check', summary: 'votes are given to candidates whose logs lack entries' },
    { name: 'ack-before-fsync', summary: 'messages and replies do not wait for the disk' },
    { name: 'double-apply', summary: 'a request that comes again is carried out again' },
    { name: 'dedup-leader-only', summary: 'only the leader remembers which requests were carried out' },
    { name: 'reply-by-index', summary: 'a request is answered by whatever was committed in its place' },
    { name: 'read-without-noop', summary: 'a new leader answers reads before an entry of its term is committed' },
    { name: 'quorum-off-by-one', summary: 'half of the nodes, rounded down, are taken for a majority' },
    { name: 'vote-twice', summary: 'a node votes for every candidate of a term that asks' },
    { name: 'up-to-date-length-only', summary: 'the longer log wins votes, whatever the terms of its entries' },
    { name: 'no-prev-check', summary: 'a follower appends without looking at what comes before' },
    { name: 'prev-length-only', summary: 'a follower appends wherever its log is long enough' },
    { name: 'no-truncate', summary: 'entries that conflict with those of the leader are kept' },
    { name: 'lease-too-long', summary: 'a lease outlasts the silence that followers promise' },
    { name: 'forget-snapshot', summary: 'a snapshot that the leader sent is confirmed without being stored' },
    { name: 'overlapping-changes', summary: 'membership changes do not wait for the one before to be committed' },
    { name: 'stale-append', summary: 'entries are taken from leaders of earlier terms' },
  ],
} as const satisfies Declared

export const raft: ProtocolDefinition = {
  ...declared,
  invariants: raftInvariants,
  changes: raftChanges,
  summary: 'consensus by a replicated log and an elected leader; reads by read-index',
  defaultNodes: 5,
  promises: 'linearizable',
  create(options) {
    const chosen = chooseOptions(declared, options)
    const electionMinMs = chosen.number('election-min-ms')
    const electionMaxMs = Math.max(electionMinMs, chosen.number('election-max-ms'))
    const heartbeatMs = chosen.number('heartbeat-ms')
    const drift = chosen.number('clock-drift')
    const { bug } = chosen
    return createRaft({
      preVote: chosen.boolean('pre-vote'),
      heartbeatMs: millis(heartbeatMs),
      electionMinMs: millis(electionMinMs),
      electionMaxMs: millis(electionMaxMs),
      // The mistake: as long as a leader waits before it gives up, and others are elected meanwhile.
      reads: bug === 'lease-too-long' || chosen.value('reads') === 'lease' ? 'lease' : 'read-index',
      leaseMs: millis(bug === 'lease-too-long' ? 2 * electionMaxMs : (electionMinMs - heartbeatMs) / drift),
      snapshotEntries: chosen.number('snapshot-entries'),
      transferMs: millis(chosen.number('transfer-ms')),
      resizeMs: millis(chosen.number('resize-ms')),
      batch: chosen.number('batch'),
      pipeline: chosen.number('pipeline'),
      leaderWaitMs: millis(chosen.number('leader-wait-ms')),
      requestTimeoutMs: millis(chosen.number('request-timeout-ms')),
      bug,
    })
  },
}
