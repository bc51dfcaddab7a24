import { millis } from '@chaosproxy/history'
import { beats, during, ledByN1, stall } from '../beats.ts'
import { neverOlder } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  ...ledByN1,
  timeoutMs: millis(2_000),
  cast: ['Referee', 'Ana', 'Ben'],
} satisfies Partial<Tale>

const late = during([200, 1_200], stall('n1', 'n3'), 'What n1 sends to n3 is late. n2 hears everything at once.')

export const twoReaders: Story = {
  name: 'two-readers',
  summary: 'one reader sees the goal and tells another, who does not see it',
  told: [
    {
      ...system,
      title: 'updates in one order, reads from the nearest copy',
      target: 'ordered-queue',
      beats: beats`
        0 Referee n1 write score 0:0 -- The match begins.
        ${late}
        400 Referee n1 write score 1:0 -- A goal. The referee records it.
        600 Ana n2 read score = 1:0 -- Ana sees it at n2, and calls across the room to Ben: one to nil!
        700 Ben n3 read score = 0:0 -- Ben then looks at n3, and sees nil to nil.
        1400 Ben n3 read score = 1:0 -- A moment later he sees it as well.`,
      ending: {
        verdicts: { linearizable: 'violated', sequential: 'met', eventual: 'met' },
        finally: { score: '1:0' },
        says: 'All saw the same updates in the same order, but not at the same time. Without the call across the room, nobody could have noticed.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'Raft, which asks a majority before it answers a read',
    target: 'raft',
    beats: beats`
      0 Referee n1 write score 0:0 -- The match begins.
      ${during([200, 380], stall('n1', 'n3'), 'What n1 sends to n3 is late.')}
      220 Referee n1 write score 1:0 -- A goal. n1 and n2 have it.
      260 Ana n2 read score = 1:0 -- Ana sees it, and calls to Ben.
      280 Ben n3 read score = 1:0 -- Ben asks n3, which does not answer from its own copy. He waits until it has asked n1, and sees the goal.`,
    ending: {
      verdicts: { linearizable: 'met', sequential: 'met', eventual: 'met' },
      finally: { score: '1:0' },
      says: 'A later read never shows less. The price: Ben waits as long as the link is stalled.',
    },
  },
  ledger: neverOlder('score'),
  lesson:
    'Sequential consistency keeps one order for all, and each client moves forward in it, but two clients may be at different points. Once clients talk to each other outside the system, only linearizability prevents contradictions.',
  source:
    'L. Lamport: How to Make a Multiprocessor Computer That Correctly Executes Multiprocess Programs, 1979; H. Attiya, J. Welch: Sequential Consistency versus Linearizability, 1994',
}
