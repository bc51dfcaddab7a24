import { millis } from '@chaosproxy/history'
import { beats, during, loseReply } from '../beats.ts'
import { paidOnce } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  target: 'raft',
  nodes: 3,
  workload: 'bank',
  timeoutMs: millis(500),
  leader: 'n1',
  cast: ['Jose'],
  money: 'cents',
} satisfies Partial<Tale>

const opening = { a: 100_000, b: 100_000, c: 100_000, d: 100_000, e: 100_000 }
const paid = (amount: number) => ({ ...opening, a: 100_000 - amount, b: 100_000 + amount })
const rent = { from: 'a', to: 'b', amount: 40_000 }
const deaf = during([100, 400], loseReply('n1'), 'For a moment, replies of n1 are lost on the way back.')

export const doubleTransfer: Story = {
  name: 'double-transfer',
  summary: 'a payment gets no answer, the client retries, and the rent is paid twice',
  told: [
    {
      ...system,
      title: 'a client that simply retries',
      beats: beats`
        0 Jose n1 read = ${opening} -- Jose’s account a and his landlord’s account b hold $1,000 each.
        ${deaf}
        200 Jose n1 transfer ${rent} unanswered -- Jose pays his rent, $400. The bank transfers it, and the reply is lost.
        800 Jose n1 transfer ${rent} -- His app reports a timeout, waits and retries, as apps do. This time the reply arrives.
        900 Jose n1 read = ${paid(80_000)} -- Jose sees $200.`,
      ending: {
        verdicts: { linearizable: 'met' },
        finally: { '': paid(80_000) },
        says: 'The rent of $400 cost $800. The bank did exactly as it was told, twice.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'a client that retries with the same id',
    beats: beats`
      0 Jose n1 read = ${opening} -- Both accounts hold $1,000.
      ${deaf}
      200 Jose n1 transfer ${{ ...rent, id: 'rent-november' }} unanswered -- Jose pays his rent, $400, with an id. The bank transfers it and stores the id, and the reply is lost.
      800 Jose n1 transfer ${{ ...rent, id: 'rent-november' }} -- His app retries with the same id. The bank knows the id and only repeats its reply.
      900 Jose n1 read = ${paid(40_000)} -- Jose sees $600.`,
    ending: {
      verdicts: { linearizable: 'met' },
      finally: { '': paid(40_000) },
      says: 'The rent of $400 cost $400.',
    },
  },
  ledger: paidOnce('a', rent.amount),
  lesson:
    'A timeout is not a failure, and a retry without an id is a second payment. Let the client choose an id and send it with every retry, and let the server store it in the same transaction as the payment.',
  source:
    'P. Helland: Life beyond Distributed Transactions, 2007; J. Saltzer, D. Reed, D. Clark: End-to-End Arguments in System Design, 1984 (duplicate suppression)',
}
