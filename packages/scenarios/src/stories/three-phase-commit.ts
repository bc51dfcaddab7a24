import { millis } from '@chaosproxy/history'
import { beats, deaf, down, during, stall } from '../beats.ts'
import { moneyKept } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  nodes: 3,
  leader: 'n1',
} satisfies Partial<Tale>

const opening = { a: 100_000, b: 100_000, c: 100_000, d: 100_000, e: 100_000 }
const rent = { from: 'a', to: 'b', amount: 40_000 }

const bank = {
  ...system,
  workload: 'bank',
  timeoutMs: millis(2_000),
  cast: ['Jose', 'Rosa'],
  money: 'cents',
} satisfies Partial<Tale>

const before = beats`
  0 Jose n1 read = ${opening} -- Jose’s account a is on n2, his landlord’s account b on n3. Each holds $1,000.`
const voteIsLate = during([150, 400], stall('n3', 'n1'), 'For a moment, what n3 sends to n1 is late.')
const payment = beats`
  200 Jose n1 transfer ${rent} -- Jose pays his rent, $400. n1 asks n2 and n3 for their votes. Both vote yes; the vote of n3 is still on its way.`
const cut = (what: string) =>
  during([300, 3_000], deaf('n3', 'n1', 'n2'), `Before it arrives, n3 stops receiving anything. ${what}`)

export const threePhaseCommit: Story = {
  name: 'three-phase-commit',
  summary: 'nobody waits for a dead coordinator, but in a partition each side decides for itself',
  told: [
    {
      ...system,
      title: 'three-phase commit, and a coordinator that dies',
      target: 'three-phase-commit',
      workload: 'register',
      timeoutMs: millis(800),
      cast: ['Ana', 'Ben'],
      targetSettings: { 'vote-timeout-ms': 2_000 },
      beats: beats`
        0 Ana n1 write room old -- Ana writes an item that n2 keeps. n1 coordinates: it collects votes, announces that all have voted yes, and only then tells the nodes to commit.
        ${during([600, 1_800], stall('n2', 'n1'), 'Ana’s next write goes the same way; but the vote of n2 is late …')}
        800 Ana n1 write room new unanswered -- n2 has voted yes, and keeps the item locked.
        ${during([1_500, 4_500], down('n1'), '… and before it arrives, n1 dies.')}
        3000 Ben n2 read room = old -- No live node has heard that all voted yes, so no node can have committed. n2 aborts, unlocks the item, and answers Ben while n1 is still down.`,
      ending: {
        verdicts: { linearizable: 'met' },
        finally: { room: 'old' },
        says: 'With two phases Ben would have waited for n1. The third phase costs each write one more round trip.',
      },
    },
    {
      ...bank,
      title: 'three-phase commit, and a network that is cut',
      target: 'three-phase-commit',
      targetSettings: { 'vote-timeout-ms': 800 },
      beats: beats`
        ${before}
        ${voteIsLate}
        ${payment}
        ${cut('n1 now has all votes and announces it. It hears nothing from n3, takes it for dead, and commits with n2. But n3 is alive. It hears nothing either, takes the others for dead, knows of no node that heard of the votes, and aborts.')}
        4000 Rosa n3 read = ${{ ...opening, a: 60_000 }} -- Rosa, the landlord, has not received it.`,
      ending: {
        verdicts: { linearizable: 'violated' },
        finally: { '': { ...opening, a: 60_000 } },
        says: '$400 have left one account and arrived in none. Both sides followed the protocol, which takes silence for death.',
      },
    },
  ],
  fix: {
    ...bank,
    title: 'two-phase commit, which waits',
    target: 'two-phase-commit',
    targetSettings: { 'vote-timeout-ms': 800 },
    beats: beats`
      ${before}
      ${voteIsLate}
      ${payment}
      ${cut('n1 now has all votes and commits. n3 does not hear of it …')}
      1500 Rosa n3 read refused -- … and neither commits nor aborts, since it has voted yes. Account b stays locked, and Rosa is refused.
      4000 Rosa n3 read = ${{ ...opening, a: 60_000, b: 140_000 }} -- Once n3 is reachable again, it asks for the decision and commits as well.`,
    ending: {
      verdicts: { linearizable: 'met' },
      finally: { '': { ...opening, a: 60_000, b: 140_000 } },
      says: 'The rent is paid. The price: nobody could read account b while the link was down.',
    },
  },
  ledger: moneyKept,
  lesson:
    'A commit protocol cannot both avoid blocking and survive a partition. With a third phase, nobody waits for dead nodes, but nodes that were only unreachable may decide differently. If partitions can happen, either wait, or let a majority decide.',
  source:
    'D. Skeen: Nonblocking Commit Protocols, 1981; D. Skeen, M. Stonebraker: A Formal Model of Crash Recovery in a Distributed System, 1983 (no protocol is resilient to a partition); J. Gray, L. Lamport: Consensus on Transaction Commit, 2006',
}
