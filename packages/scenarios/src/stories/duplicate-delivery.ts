import { millis } from '@chaosproxy/history'
import { beats, during, stall } from '../beats.ts'
import { countedOnce } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  target: 'raft',
  nodes: 3,
  workload: 'counter',
  // A node resends an unanswered request to the leader after this time.
  targetSettings: { 'retry-ms': 100 },
  timeoutMs: millis(1_000),
  leader: 'n1',
  cast: ['Ana'],
} satisfies Partial<Tale>

const silence = during(
  [150, 330],
  stall('n1', 'n2'),
  'For a moment n2 receives nothing from the leader n1, though n1 still receives everything from n2.',
)

export const duplicateDelivery: Story = {
  name: 'duplicate-delivery',
  summary: 'a vote is forwarded twice because no acknowledgement came, and counts twice',
  told: [
    {
      ...system,
      title: 'Raft that applies every message it receives',
      bug: 'double-apply',
      beats: beats`
        0 Ana n2 read votes = 0 -- No vote has been cast.
        ${silence}
        200 Ana n2 add votes 1 -- Ana votes at n2, which forwards the vote to n1. No acknowledgement comes back in time, so n2 forwards the vote again, as it must; n1 applies it again, as it must not.
        700 Ana n2 read votes = 2 -- One voter, two votes.`,
      ending: {
        verdicts: { linearizable: 'violated' },
        finally: { votes: 2 },
        says: 'All three nodes agree on the same wrong count: consensus on a log does not remove duplicates from it.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'Raft that remembers what it has applied',
    beats: beats`
      0 Ana n2 read votes = 0 -- No vote has been cast.
      ${silence}
      200 Ana n2 add votes 1 -- Ana votes at n2. The vote is forwarded twice, with the same session and number, and is applied once.
      700 Ana n2 read votes = 1 -- One voter, one vote.`,
    ending: {
      verdicts: { linearizable: 'met' },
      finally: { votes: 1 },
      says: 'The message came twice as before, and counted once.',
    },
  },
  ledger: countedOnce('votes'),
  lesson:
    'There is no exactly-once delivery, only at most once, at least once, and deduplication. Let the receiver store the last number that it applied for each client, with its state and as durably.',
  source: 'D. Ongaro: Consensus: Bridging Theory and Practice, 2014, section 6.3 (linearizable semantics by sessions)',
}
