import { millis } from '@chaosproxy/history'
import { beats, down, during, ledByN1, stall } from '../beats.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  ...ledByN1,
  timeoutMs: millis(800),
  cast: ['Ana', 'Ben'],
} satisfies Partial<Tale>

export const blockedCoordinator: Story = {
  name: 'blocked-coordinator',
  summary: 'a coordinator dies between the votes and the decision, and everyone waits for it',
  told: [
    {
      ...system,
      title: 'two-phase commit',
      target: 'two-phase-commit',
      targetSettings: { 'vote-timeout-ms': 2_000 },
      beats: beats`
        0 Ana n1 write room old -- Ana writes an item that n2 keeps. n1 coordinates: it asks n2 for its vote, and decides.
        ${during([600, 1_800], stall('n2', 'n1'), 'Ana’s next write goes the same way; but the vote of n2 is late …')}
        800 Ana n1 write room new unanswered -- n2 has voted yes. It may no longer commit or abort on its own, so it keeps the item locked.
        ${during([1_500, 4_500], down('n1'), '… and before it arrives, n1 dies.')}
        3000 Ben n2 read room refused -- Ben asks n2 for the item. n2 has it and is healthy, but it cannot learn the decision, so it cannot answer.
        9000 Ben n2 read room = old -- n1 is back, finds no decision in its log, and tells n2 to abort. Only now is the item unlocked.`,
      ending: {
        verdicts: { linearizable: 'met' },
        finally: { room: 'old' },
        says: 'Nothing was lost or half done. But while one node was down, the data of another could not be read.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'Raft, in which a majority decides',
    target: 'raft',
    beats: beats`
      0 Ana n1 write room old -- Ana writes an item; the leader n1 decides with any one of the others.
      ${during([600, 1_800], stall('n2', 'n1'), 'What n2 sends to n1 is late …')}
      800 Ana n1 write room new -- Ana writes again: n3 is enough.
      ${during([1_500, 4_500], down('n1'), '… and n1 dies.')}
      3000 Ben n2 read room = new -- The others have elected a leader. Ben is answered while n1 is still down.`,
    ending: {
      verdicts: { linearizable: 'met' },
      finally: { room: 'new' },
      says: 'A majority holds the decision, not one node.',
    },
  },
  withoutLedger: 'Nothing is lost or half done; the story is about how long the data cannot be read.',
  lesson:
    'A participant that has voted yes can only wait for the decision, and one dead coordinator keeps all participants waiting. Replicate the coordinator in a group that decides by majority, so that no single node has to come back.',
  source: 'D. Skeen: Nonblocking Commit Protocols, 1981; J. Gray, L. Lamport: Consensus on Transaction Commit, 2006',
}
