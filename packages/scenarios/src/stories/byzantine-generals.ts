import { millis } from '@chaosproxy/history'
import { ask, done, sees, write } from '../beats.ts'
import { neverOlder } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  target: 'generals',
  nodes: 4,
  workload: 'register',
  timeoutMs: millis(1_000),
  seed: 1,
  cast: ['King', 'Scout'],
} as const satisfies Partial<Tale>

export const byzantineGenerals: Story = {
  name: 'byzantine-generals',
  summary: 'one of three generals lies about what he was told, and nobody can say which',
  told: [
    {
      ...system,
      title: 'three generals, who pass on what they were told',
      knobs: { messages: 'oral', traitor: 'lieutenant' },
      bug: 'three-generals',
      seed: 3,
      beats: [
        ask(
          0,
          ['King', 'n1'],
          done(write('attack', 7)),
          'n1 commands n2 and n3; n4 is not asked. The king has n1 order an attack at seven. n3 is a traitor.',
        ),
        ask(
          600,
          ['Scout', 'n2'],
          sees('attack', null),
          'n2 was told seven by n1, and by n3 that n1 had said something else. One of the two lies: is it n3, or n1? It cannot tell, and stays.',
        ),
        ask(700, ['Scout', 'n1'], sees('attack', 7), 'n1 attacks alone.'),
      ],
      ending: {
        verdicts: { linearizable: 'violated', eventual: 'violated' },
        finally: {},
        says: 'Two loyal generals, one liar, and no agreement: with three, no exchange of spoken messages brings it about.',
      },
    },
    {
      ...system,
      title: 'signatures that nobody looks at',
      knobs: { messages: 'signed', traitor: 'lieutenant' },
      bug: 'unverified-signatures',
      beats: [
        ask(0, ['King', 'n1'], done(write('attack', 7)), 'Now n1 signs its orders. n4 is the traitor.'),
        ask(
          1_000,
          ['Scout', 'n2'],
          sees('attack', null),
          'n4 passes on another hour, under the signature of n1 for seven. n2 does not compare the two, believes that n1 has signed both, and stays.',
        ),
      ],
      ending: {
        verdicts: { linearizable: 'violated' },
        finally: {},
        says: 'A signature that is not checked is ink.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'four generals, or signatures that are checked',
    knobs: { messages: 'signed', traitor: 'lieutenant' },
    beats: [
      ask(0, ['King', 'n1'], done(write('attack', 7)), 'n1 signs its order. n4 is the traitor.'),
      ask(
        1_000,
        ['Scout', 'n2'],
        sees('attack', 7),
        'What n4 passes on does not fit its signature, so it counts for nothing. n2 attacks at seven.',
      ),
      ask(1_100, ['Scout', 'n3'], sees('attack', 7), 'n3 as well.'),
    ],
    ending: {
      verdicts: { linearizable: 'met', eventual: 'met' },
      finally: { attack: 7 },
      says: 'A lie that can be shown to be one does no harm. With signatures three generals would do, too; without, it takes four.',
    },
  },
  ledger: neverOlder('attack', 'Every loyal general knows the hour that was ordered.'),
  lesson:
    'With messages that anybody on the way can alter, agreement in spite of m liars takes 3m + 1 nodes. Signatures that are checked take away from a liar what others have said, and leave it to lie in its own name.',
  source: 'L. Lamport, R. Shostak, M. Pease: The Byzantine Generals Problem, 1982',
}
