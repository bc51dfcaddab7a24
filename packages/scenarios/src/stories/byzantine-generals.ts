import { millis } from '@chaosproxy/history'
import { beats } from '../beats.ts'
import { neverOlder } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  target: 'generals',
  nodes: 4,
  workload: 'register',
  timeoutMs: millis(1_000),
  cast: ['King', 'Scout'],
} satisfies Partial<Tale>

export const byzantineGenerals: Story = {
  name: 'byzantine-generals',
  summary: 'one of three generals lies about his orders, and nobody can tell which',
  told: [
    {
      ...system,
      title: 'three generals, who pass on their orders',
      targetSettings: { messages: 'oral', traitor: 'lieutenant' },
      bug: 'three-generals',
      seed: 3,
      beats: beats`
        0 King n1 write attack 7 -- n1 commands n2 and n3; n4 is not asked. The king has n1 order an attack at seven. n3 is a traitor.
        600 Scout n2 read attack = null -- n1 told n2 seven; n3 tells it that n1 said something else. One of the two lies, and n2 cannot tell which. It stays.
        700 Scout n1 read attack = 7 -- n1 attacks alone.`,
      ending: {
        verdicts: { linearizable: 'violated', eventual: 'violated' },
        finally: {},
        says: 'Two loyal generals, one liar, and no agreement: with three generals, unsigned messages cannot achieve it.',
      },
    },
    {
      ...system,
      title: 'signatures that nobody checks',
      targetSettings: { messages: 'signed', traitor: 'lieutenant' },
      bug: 'unverified-signatures',
      beats: beats`
        0 King n1 write attack 7 -- Now n1 signs its orders. n4 is the traitor.
        1000 Scout n2 read attack = null -- n4 changes the hour in n1’s order and keeps n1’s signature, which is for seven. n2 does not verify the signature, believes that n1 signed both hours, and stays.`,
      ending: {
        verdicts: { linearizable: 'violated' },
        finally: {},
        says: 'A signature that is not checked is only ink.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'four generals, or signatures that are checked',
    targetSettings: { messages: 'signed', traitor: 'lieutenant' },
    beats: beats`
      0 King n1 write attack 7 -- n1 signs its order. n4 is the traitor.
      1000 Scout n2 read attack = 7 -- n4 passes on another hour, which does not match n1’s signature. n2 ignores this message, and attacks at seven.
      1100 Scout n3 read attack = 7 -- n3 attacks at seven, too.`,
    ending: {
      verdicts: { linearizable: 'met', eventual: 'met' },
      finally: { attack: 7 },
      says: 'A lie that can be detected does no harm. With signatures, three generals are enough; without, it takes four.',
    },
  },
  ledger: neverOlder('attack', 'Every loyal general knows the hour that was ordered.'),
  lesson:
    'If messages can be altered on the way, agreement despite m liars takes 3m + 1 nodes. If signatures are checked, a liar cannot change what others said; it can only lie in its own name.',
  source: 'L. Lamport, R. Shostak, M. Pease: The Byzantine Generals Problem, 1982',
}
