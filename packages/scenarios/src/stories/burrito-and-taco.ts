import { millis } from '@chaosproxy/history'
import { beats, cut, during, ledByN1 } from '../beats.ts'
import { spentOnce } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const cast = ['Ana', 'Ben'] as const
const BROKEN =
  'The link between the two nodes breaks. Both keep serving: neither can tell a broken link from a dead peer.'
const HEALED = 'The link is back, and the nodes compare what they did.'

const twoMasters = {
  target: 'master-master',
  nodes: 2,
  timeoutMs: millis(500),
  cast,
  money: 'dollars',
} satisfies Partial<Tale>

const lastWriterWins: Tale = {
  ...twoMasters,
  title: 'two masters, the last writer wins',
  workload: 'register',
  beats: beats`
    0 Ana n1 write balance 10 -- Ana and Ben share an account. Ana pays $10 in.
    ${during([200, 800], cut(['n1'], ['n2']), BROKEN)}
    300 Ana n1 read balance = 10 -- Ana sees $10.
    350 Ana n1 cas balance 10 0 -- She buys a burrito for $10, on condition that the balance is still $10. It is, says n1.
    450 Ben n2 read balance = 10 -- Ben sees $10 as well: n2 cannot have heard of the burrito.
    500 Ben n2 cas balance 10 5 -- He buys a taco for $5, on the same condition. It holds, says n2.
    1000 Ana n1 read balance = 5 -- ${HEALED} Ben's write has the later timestamp, so it wins, and the burrito is forgotten: $5 are left.`,
  ending: {
    verdicts: { linearizable: 'violated', eventual: 'met' },
    finally: { balance: 5 },
    says: '$15 spent of $10, and $5 are left: the last writer won, and the burrito was free.',
  },
}

const merged: Tale = {
  ...twoMasters,
  title: 'two masters, sums are merged',
  workload: 'counter',
  beats: beats`
    0 Ana n1 add balance 10 -- The same day, with a balance that is merged: each node keeps what it added and took away. Ana pays $10 in.
    ${during([200, 800], cut(['n1'], ['n2']), BROKEN)}
    300 Ana n1 read balance = 10 -- Ana sees $10.
    350 Ana n1 add balance -10 -- She buys the burrito: n1 takes $10 away.
    450 Ben n2 read balance = 10 -- Ben sees $10 as well.
    500 Ben n2 add balance -5 -- He buys the taco: n2 takes $5 away.
    1000 Ana n1 read balance = -5 -- ${HEALED} Nothing is forgotten this time: both purchases count, and the balance is −$5.`,
  ending: {
    verdicts: { linearizable: 'violated', eventual: 'met' },
    finally: { balance: -5 },
    says: '$15 spent of $10, and −$5 are left: merging loses no purchase, and cannot refuse one either.',
  },
}

const majority: Tale = {
  ...ledByN1,
  title: 'Raft on three nodes',
  target: 'raft',
  timeoutMs: millis(500),
  cast,
  money: 'dollars',
  beats: beats`
    0 Ana n1 write balance 10 -- A third node is added, and a majority has to agree to everything. Ana pays $10 in.
    ${during([200, 1100], cut(['n1', 'n3'], ['n2']), 'The link to n2 breaks. n1 and n3 are two of three and continue; n2 is alone.')}
    300 Ana n1 read balance = 10 -- Ana sees $10.
    350 Ana n1 cas balance 10 0 -- She buys the burrito: n1 and n3 agree.
    450 Ben n2 read balance refused -- Ben asks n2, which cannot know whether its copy is the latest, and says so.
    1400 Ben n2 read balance = 0 -- The link is back. Ben sees $0.
    1500 Ben n2 cas balance 10 5 refused -- The taco is refused: the balance is not $10.`,
  ending: {
    verdicts: { linearizable: 'met', eventual: 'met' },
    finally: { balance: 0 },
    says: '$10 spent of $10. The price: while the link was down, Ben could not even read.',
  },
}

export const burritoAndTaco: Story = {
  name: 'burrito-and-taco',
  summary: 'two people spend the same $10 at two masters that cannot talk',
  told: [lastWriterWins, merged],
  fix: majority,
  ledger: spentOnce('balance'),
  lesson:
    'Two nodes that both answer while they cannot talk will both sell the same thing. Resolving the conflict afterwards only decides who loses. A balance that must never go below zero needs one node, or one majority, that is asked first.',
  source:
    'S. Gilbert, N. Lynch: Brewer’s Conjecture and the Feasibility of Consistent, Available, Partition-Tolerant Web Services, 2002; P. Bailis et al.: Coordination Avoidance in Database Systems, 2014 (a balance that must not be negative cannot be kept without coordination)',
}
