import { millis } from '@chaosproxy/history'
import { beats, down, during } from '../beats.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  workload: 'register',
  nodes: 5,
  timeoutMs: millis(1_500),
  leader: 'n1',
  cast: ['Ana', 'Ben'],
} satisfies Partial<Tale>

const before = '200 Ana n2 write door open -- Ana opens the door through the leader n1.'

export const election: Story = {
  name: 'election',
  summary: 'a leader dies, and nothing can be written until the others elect a new one',
  told: [
    {
      ...system,
      title: 'a primary that cannot be replaced',
      target: 'primary-replica',
      targetSettings: { sync: 'majority', reads: 'primary', failover: false },
      beats: beats`
        ${before}
        ${during([500, 5_000], down('n1'), 'n1 dies. Four of five nodes are healthy.')}
        2000 Ben n3 write door shut unanswered -- Ben wants to shut the door. Four nodes are there, but none of them may decide.
        4000 Ana n2 read door refused -- Nor may any node say whether the door is open.
        6500 Ana n2 read door = open -- An operator has come at night and restarted n1.`,
      ending: {
        verdicts: { linearizable: 'met' },
        finally: { door: 'open' },
        says: 'Nothing was lost, but nothing could be done while one of five nodes was down.',
      },
    },
    {
      ...system,
      title: 'Raft without a majority',
      target: 'raft',
      beats: beats`
        ${before}
        ${during([500, 5_000], down('n1', 'n4', 'n5'), 'n1 dies, and two more of the five nodes with it.')}
        2000 Ben n3 write door shut refused -- n2 and n3 keep asking for votes. Two of five cannot elect a leader: the other three might have elected another.
        6500 Ana n2 read door = open -- The others are back, and elect a leader at once.`,
      ending: {
        verdicts: { linearizable: 'met' },
        finally: { door: 'open' },
        says: 'A minority makes no progress, so that there are never two leaders.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'Raft, in which a majority elects a leader',
    target: 'raft',
    beats: beats`
      ${before}
      ${during([500, 5_000], down('n1'), 'n1 dies. Its heartbeats stop.')}
      560 Ben n3 write door shut -- Ben wants to shut the door a moment later, when no node knows yet that n1 is gone. A quarter to half a second later one of the four stands for election, gets three votes and leads the new term. Until then Ben waits; then n3 forwards his request to it.
      2500 Ana n2 read door = shut -- Ana sees it.
      6500 Ana n1 read door = shut -- n1 is back. It learns of the new term and becomes a follower.`,
    ending: {
      verdicts: { linearizable: 'met' },
      finally: { door: 'shut' },
      says: 'Half a second without a leader, and no operator was woken up.',
    },
  },
  withoutLedger: 'Nothing is lost or wrong; the story is about who may write, and when.',
  lesson:
    'If any node may take over on its own, two may do so at once; if none may, one failure stops everything. An election by majority avoids both. It costs a timeout, long enough not to take a slow leader for a dead one, and needs more than half of the nodes.',
  source:
    'D. Ongaro, J. Ousterhout: In Search of an Understandable Consensus Algorithm, 2014, section 5.2; H. Garcia-Molina: Elections in a Distributed Computing System, 1982',
}
