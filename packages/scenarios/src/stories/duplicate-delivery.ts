import { millis } from '@chaosproxy/history'
import { add, ask, done, during, sees, stall } from '../beats.ts'
import { countedOnce } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  target: 'raft',
  nodes: 3,
  workload: 'counter',
  // A node that was not answered asks its leader again after this time.
  knobs: { 'retry-ms': 100 },
  timeoutMs: millis(1_000),
  seed: 1,
  leader: 'n1',
  cast: ['Ana'],
} as const satisfies Partial<Tale>

const silence = during(
  [150, 330],
  stall('n1', 'n2'),
  'For a moment nothing arrives at n2 that the leader n1 sends, though n1 hears n2 well.',
)

export const duplicateDelivery: Story = {
  name: 'duplicate-delivery',
  summary: 'a vote is passed on twice because no receipt came, and counts for two',
  told: [
    {
      ...system,
      title: 'Raft that carries out whatever arrives',
      bug: 'double-apply',
      beats: [
        ask(0, ['Ana', 'n2'], sees('votes', 0), 'No vote has been cast.'),
        silence,
        ask(
          200,
          ['Ana', 'n2'],
          done(add('votes', 1)),
          'Ana votes at n2, which passes the vote on to n1. The receipt does not come back in time, so n2 passes the vote on once more, as it must; n1 enters it once more, as it must not.',
        ),
        ask(700, ['Ana', 'n2'], sees('votes', 2), 'One voter, two votes.'),
      ],
      ending: {
        verdicts: { linearizable: 'violated' },
        finally: { votes: 2 },
        says: 'All three nodes agree on the same wrong count: consensus on a log does not tell how often something may stand in it.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'Raft that remembers what it has carried out',
    beats: [
      ask(0, ['Ana', 'n2'], sees('votes', 0), 'No vote has been cast.'),
      silence,
      ask(
        200,
        ['Ana', 'n2'],
        done(add('votes', 1)),
        'Ana votes at n2. The vote is passed on twice, with the same session and number, and is carried out once.',
      ),
      ask(700, ['Ana', 'n2'], sees('votes', 1), 'One voter, one vote.'),
    ],
    ending: {
      verdicts: { linearizable: 'met' },
      finally: { votes: 1 },
      says: 'The message came twice as before; it counted once.',
    },
  },
  ledger: countedOnce('votes'),
  lesson:
    'Delivery exactly once does not exist; there is at most once, at least once, and remembering. The receiver keeps, with its state and as durably, the last number of each client that it has carried out.',
  source: 'D. Ongaro: Consensus: Bridging Theory and Practice, 2014, section 6.3 (linearizable semantics by sessions)',
}
