import { type Fault, linksBetween, type NodeId } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { beats, down, during } from '../beats.ts'
import { soldOnce } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  target: 'raft',
  targetSettings: { 'request-timeout-ms': 6_000 },
  nodes: 5,
  workload: 'register',
  timeoutMs: millis(6_000),
  leader: 'n1',
  cast: ['Ben', 'Ana', 'Cleo'],
} satisfies Partial<Tale>

/** Drops, for every division, all messages between the groups of the division. */
const divided = (...divisions: readonly (readonly (readonly NodeId[])[])[]): Fault => ({
  kind: 'partition',
  mode: 'drop',
  links: divisions.flatMap((groups) => linksBetween(groups)),
})

const first = '0 Ben n1 read seat-8 = null -- Five nodes, of which n1 leads. Seat 8 is free.'

const partsA = during(
  [100, 1_600],
  divided(
    [
      ['n1', 'n2'],
      ['n3', 'n4', 'n5'],
    ],
    [['n3'], ['n4']],
  ),
  '(a) n1 reaches only n2. (b) Among the others only n5 reaches two nodes, so only n5 can be elected, in a later term.',
)
const partsB = during([1_500, 2_900], divided([['n5'], ['n1', 'n2', 'n3', 'n4']]), 'Then n5 is cut off.')
const partsC = during(
  [1_600, 2_900],
  divided([['n4'], ['n1', 'n2', 'n3', 'n5']], [['n2'], ['n3']]),
  '(c) Now n1 reaches n2 and n3, and stands for election again.',
)
const crash = during([2_800, 6_000], down('n1'), '(d) n1 crashes.')
const partsD = during(
  [2_900, 6_000],
  divided([['n2'], ['n3'], ['n4']]),
  'n5 is back and alone reaches the other three. Its last entry has a later term than theirs, so they elect it.',
)

export const figure8: Story = {
  name: 'figure-8',
  summary: 'an entry is on a majority, counts as committed, and is still overwritten',
  told: [
    {
      ...system,
      title: 'Raft, but an entry counts as committed once a majority has it, whatever its term',
      bug: 'commit-old-term',
      beats: beats`
        ${first}
        ${partsA}
        150 Ana n1 cas seat-8 null Ana -- Ana books the seat at n1, which appends the booking to its own log and to n2’s. Two of five: nothing is decided.
        ${partsB}
        1520 Cleo n5 cas seat-8 null Cleo -- Cleo books the seat at n5, which appends the booking to its own log and reaches nobody. One of five: nothing is decided.
        ${partsC}
        2600 Ben n1 read seat-8 = Ana -- n1 leads again in a new term, and copies Ana’s entry of the old term to n3. Three of five: n1 takes it for committed, Ana has her ticket, and Ben sees it.
        ${crash}
        ${partsD}
        5000 Ben n5 read seat-8 = Cleo -- n5 overwrites their logs with its own. Ana’s entry is gone from n2 and n3, and Cleo has a ticket for the same seat.`,
      ending: {
        verdicts: { linearizable: 'violated', sequential: 'violated', eventual: 'met' },
        finally: { 'seat-8': 'Cleo' },
        says: 'One seat, two tickets, although every booking was on three of five logs when it was confirmed.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'Raft, whose leader counts only copies of entries of its own term, and starts the term with an entry',
    beats: beats`
      ${first}
      ${partsA}
      150 Ana n1 cas seat-8 null Ana unanswered -- Ana books the seat at n1, which appends the booking to its own log and to n2’s. She waits for an answer.
      ${partsB}
      1520 Cleo n5 cas seat-8 null Cleo -- n5 has started its term with an empty entry, which n3 and n4 have as well. Cleo books the seat there.
      ${partsC}
      ${crash}
      ${partsD}
      5000 Ben n5 read seat-8 = Cleo -- n1 could not lead again: n3 has an entry of a later term and did not vote for it. None of the entries that n5 now overwrites was ever confirmed.`,
    ending: {
      verdicts: { linearizable: 'met', eventual: 'met' },
      finally: { 'seat-8': 'Cleo' },
      says: 'One seat, one ticket. Ana got no answer, since nothing was decided.',
    },
  },
  ledger: soldOnce('seat-8'),
  lesson:
    'An entry on a majority is not yet permanent: a node whose log ends in a later term may still be elected and overwrite it. So a leader counts only copies of entries of its own term. Once one of those is on a majority, no node without it can be elected, and all earlier entries are committed with it.',
  source: 'D. Ongaro, J. Ousterhout: In Search of an Understandable Consensus Algorithm, 2014, Figure 8 and §5.4.2',
}
