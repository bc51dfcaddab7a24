import { millis } from '@chaosproxy/history'
import { ask, done, down, during, read, refused, sees, unanswered, write } from '../beats.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  workload: 'register',
  nodes: 5,
  timeoutMs: millis(1_500),
  seed: 1,
  leader: 'n1',
  cast: ['Ana', 'Ben'],
} as const satisfies Partial<Tale>

const before = ask(200, ['Ana', 'n2'], done(write('door', 'open')), 'Ana opens the door, by way of the leader n1.')

export const election: Story = {
  name: 'election',
  summary: 'a leader dies, and nothing can be written until the others have agreed on a new one',
  told: [
    {
      ...system,
      title: 'a primary that nobody may replace',
      target: 'primary-replica',
      knobs: { sync: 'majority', reads: 'primary', failover: false },
      beats: [
        before,
        during([500, 5_000], down('n1'), 'n1 dies. Four of five nodes are well.'),
        ask(
          2_000,
          ['Ben', 'n3'],
          unanswered(write('door', 'shut')),
          'Ben wants to shut the door. Everything he would need is there, but for somebody who may decide.',
        ),
        ask(4_000, ['Ana', 'n2'], refused(read('door')), 'Nor may anybody say how the door is.'),
        ask(6_500, ['Ana', 'n2'], sees('door', 'open'), 'Somebody has come by night and started n1 again.'),
      ],
      ending: {
        verdicts: { linearizable: 'met' },
        finally: { door: 'open' },
        says: 'Nothing was lost, and nothing could be done for as long as one of five nodes was down.',
      },
    },
    {
      ...system,
      title: 'Raft without a majority',
      target: 'raft',
      beats: [
        before,
        during([500, 5_000], down('n1', 'n4', 'n5'), 'n1 dies, and with it two more of five.'),
        ask(
          2_000,
          ['Ben', 'n3'],
          refused(write('door', 'shut')),
          'n2 and n3 have asked each other for their votes ever since. Two of five elect nobody: the other three might have elected somebody else.',
        ),
        ask(6_500, ['Ana', 'n2'], sees('door', 'open'), 'The others are back, and a leader is elected at once.'),
      ],
      ending: {
        verdicts: { linearizable: 'met' },
        finally: { door: 'open' },
        says: 'Those that cannot be a majority stand still, so that there are never two leaders.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'Raft, in which a majority elects a leader by itself',
    target: 'raft',
    beats: [
      before,
      during([500, 5_000], down('n1'), 'n1 dies. Its heartbeats stop.'),
      ask(
        560,
        ['Ben', 'n3'],
        done(write('door', 'shut')),
        'Ben wants to shut the door, a moment later. Nobody knows yet that n1 is gone. A quarter to half of a second later one of the four stands for election, gets three votes, and is the leader of a new term; n3 asks it then, and Ben waits for that long.',
      ),
      ask(2_500, ['Ana', 'n2'], sees('door', 'shut'), 'Ana sees it.'),
      ask(6_500, ['Ana', 'n1'], sees('door', 'shut'), 'n1 is back. It hears of the new term, and follows.'),
    ],
    ending: {
      verdicts: { linearizable: 'met' },
      finally: { door: 'shut' },
      says: 'Half a second without a leader, and nobody was woken up.',
    },
  },
  withoutLedger: 'Nothing is lost or wrong; what is told is who may write, and when.',
  lesson:
    'Whoever may take over on its own judgement may do so twice, and what nobody may take over stands still: an election by a majority is the way between. It costs a timeout, which is long enough not to mistake a slow leader for a dead one, and as many nodes as one more than half.',
  source:
    'D. Ongaro, J. Ousterhout: In Search of an Understandable Consensus Algorithm, 2014, section 5.2; H. Garcia-Molina: Elections in a Distributed Computing System, 1982',
}
