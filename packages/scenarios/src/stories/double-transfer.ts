import { type Input, millis } from '@chaosproxy/history'
import { answered, ask, done, during, loseReply, unanswered } from '../beats.ts'
import { paidOnce } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  target: 'raft',
  nodes: 3,
  workload: 'bank',
  timeoutMs: millis(500),
  seed: 1,
  leader: 'n1',
  cast: ['Jose'],
  money: 'cents',
} as const satisfies Partial<Tale>

const opening = { a: 100_000, b: 100_000, c: 100_000, d: 100_000, e: 100_000 }
const paid = (amount: number) => ({ ...opening, a: 100_000 - amount, b: 100_000 + amount })
const balances: Input = { f: 'read', value: null }
const rent = { from: 'a', to: 'b', amount: 40_000 }
const pay = (value: typeof rent & { readonly id?: string }): Input => ({ f: 'transfer', value })
const deaf = during([100, 400], loseReply('n1'), 'For a moment, answers of n1 get lost on the way back.')

export const doubleTransfer: Story = {
  name: 'double-transfer',
  summary: 'a payment is not answered, the client tries again, and the rent is paid twice',
  told: [
    {
      ...system,
      title: 'a client that simply tries again',
      beats: [
        ask(
          0,
          ['Jose', 'n1'],
          answered(balances, opening),
          'Jose’s account a and his landlord’s account b hold $1,000 each.',
        ),
        deaf,
        ask(
          200,
          ['Jose', 'n1'],
          unanswered(pay(rent)),
          'Jose pays his rent, $400. The bank does it, and the answer is lost.',
        ),
        ask(
          800,
          ['Jose', 'n1'],
          done(pay(rent)),
          'His app reports a timeout, waits, and tries again, as apps do. This time the answer arrives.',
        ),
        ask(900, ['Jose', 'n1'], answered(balances, paid(80_000)), 'Jose sees $200.'),
      ],
      ending: {
        verdicts: { linearizable: 'met' },
        finally: { '': paid(80_000) },
        says: 'The rent of $400 cost $800. The bank did exactly what it was asked to, twice.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'a client that tries again under the same id',
    beats: [
      ask(0, ['Jose', 'n1'], answered(balances, opening), 'Both accounts hold $1,000.'),
      deaf,
      ask(
        200,
        ['Jose', 'n1'],
        unanswered(pay({ ...rent, id: 'rent-november' })),
        'Jose pays his rent, $400, with an id. The bank does it, remembers the id, and the answer is lost.',
      ),
      ask(
        800,
        ['Jose', 'n1'],
        done(pay({ ...rent, id: 'rent-november' })),
        'His app tries again with the same id. The bank knows it, and only repeats its answer.',
      ),
      ask(900, ['Jose', 'n1'], answered(balances, paid(40_000)), 'Jose sees $600.'),
    ],
    ending: {
      verdicts: { linearizable: 'met' },
      finally: { '': paid(40_000) },
      says: 'The rent of $400 cost $400.',
    },
  },
  ledger: paidOnce('a', rent.amount),
  lesson:
    'A timeout is not a failure, and trying again without an id asks for a second payment. Whoever starts the request chooses an id, sends the same one each time, and the server remembers what it did for it, in the same transaction as the deed.',
  source:
    'P. Helland: Life beyond Distributed Transactions, 2007; J. Saltzer, D. Reed, D. Clark: End-to-End Arguments in System Design, 1984 (duplicate suppression)',
}
