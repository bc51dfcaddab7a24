import { millis } from '@chaosproxy/history'
import { ask, done, during, ledByN1, sees, stall, write } from '../beats.ts'
import { neverOlder } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  ...ledByN1,
  timeoutMs: millis(2_000),
  cast: ['Referee', 'Ana', 'Ben'],
} as const satisfies Partial<Tale>

const late = during([200, 1_200], stall('n1', 'n3'), 'What n1 sends to n3 is late. n2 hears everything at once.')

export const twoReaders: Story = {
  name: 'two-readers',
  summary: 'one reader sees the goal, tells the other, and the other does not find it',
  told: [
    {
      ...system,
      title: 'updates in one order, reads from the nearest copy',
      target: 'ordered-queue',
      beats: [
        ask(0, ['Referee', 'n1'], done(write('score', '0:0')), 'The match begins.'),
        late,
        ask(400, ['Referee', 'n1'], done(write('score', '1:0')), 'A goal. The referee enters it.'),
        ask(
          600,
          ['Ana', 'n2'],
          sees('score', '1:0'),
          'Ana sees it at n2, and calls to Ben across the room: one to nil!',
        ),
        ask(700, ['Ben', 'n3'], sees('score', '0:0'), 'Ben looks at n3, after Ana has, and sees nil to nil.'),
        ask(1_400, ['Ben', 'n3'], sees('score', '1:0'), 'A moment later he sees it as well.'),
      ],
      ending: {
        verdicts: { linearizable: 'violated', sequential: 'met', eventual: 'met' },
        finally: { score: '1:0' },
        says: 'All saw the same updates in the same order; only not at the same time. Without the call across the room nobody could have told.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'Raft, which asks a majority before it answers a read',
    target: 'raft',
    beats: [
      ask(0, ['Referee', 'n1'], done(write('score', '0:0')), 'The match begins.'),
      during([200, 380], stall('n1', 'n3'), 'What n1 sends to n3 is late.'),
      ask(220, ['Referee', 'n1'], done(write('score', '1:0')), 'A goal. n1 and n2 have it.'),
      ask(260, ['Ana', 'n2'], sees('score', '1:0'), 'Ana sees it, and calls to Ben.'),
      ask(
        280,
        ['Ben', 'n3'],
        sees('score', '1:0'),
        'Ben asks n3, which does not answer from its own copy: he waits until n1 can tell it, and sees the goal.',
      ),
    ],
    ending: {
      verdicts: { linearizable: 'met', sequential: 'met', eventual: 'met' },
      finally: { score: '1:0' },
      says: 'Whoever looks later never sees less. The price: Ben waits as long as the line does.',
    },
  },
  ledger: neverOlder('score'),
  lesson:
    'Sequential consistency keeps one order for all, and each client sees time go forward; it does not promise that it is the same time for two of them. As soon as clients talk to each other outside of the system, only linearizability keeps them from contradicting each other.',
  source:
    'L. Lamport: How to Make a Multiprocessor Computer That Correctly Executes Multiprocess Programs, 1979; H. Attiya, J. Welch: Sequential Consistency versus Linearizability, 1994',
}
