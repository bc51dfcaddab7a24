import { millis } from '@chaosproxy/history'
import { beats, cut, during, ledByN1 } from '../beats.ts'
import { neverOlder } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

/** Replicas try to take over only after a silence that is longer than the lag. */
const patient = { 'silence-min-ms': 2_000, 'silence-max-ms': 3_000 } as const

const system = {
  ...ledByN1,
  target: 'primary-replica',
  timeoutMs: millis(500),
  cast: ['Jose'],
  money: 'dollars',
} satisfies Partial<Tale>

const lag = during(
  [200, 1_200],
  cut(['n1'], ['n2']),
  'The link from the primary n1 to the replica n2 stalls for a moment. What n1 sends arrives later.',
)

export const staleHistory: Story = {
  name: 'stale-history',
  summary: 'a transfer is confirmed, but the next page does not show it',
  told: [
    {
      ...system,
      title: 'a primary that replicates later, with reads from any replica',
      targetSettings: { ...patient, sync: 0, reads: 'replica' },
      beats: beats`
        0 Jose n1 write balance 100 -- Jose has $100.
        ${lag}
        400 Jose n1 write balance 60 -- He transfers $40. The primary stores and confirms it.
        700 Jose n2 read balance = 100 -- The next page is served from n2, which has not received the transfer: it shows $100. Jose transfers again, or calls support.
        1600 Jose n2 read balance = 60 -- A second later the same page shows $60.`,
      ending: {
        verdicts: { linearizable: 'violated', 'read-your-writes': 'violated', eventual: 'met' },
        finally: { balance: 60 },
        says: 'Nothing was lost, and all copies agree in the end. But Jose was shown the state before his own transfer.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'the same replicas, with reads from the primary and writes confirmed by a majority',
    targetSettings: { ...patient, sync: 'majority', reads: 'primary' },
    beats: beats`
      0 Jose n1 write balance 100 -- Jose has $100.
      ${lag}
      400 Jose n1 write balance 60 -- He transfers $40. The primary waits for one replica, n3, before it confirms.
      700 Jose n1 read balance = 60 -- The next page is served by the primary: it shows $60.
      1600 Jose n2 read balance = 60 -- n2 forwards the read to the primary.`,
    ending: {
      verdicts: { linearizable: 'met', 'read-your-writes': 'met', eventual: 'met' },
      finally: { balance: 60 },
      says: 'Jose sees his transfer. The price: every read goes to one node, and every write waits for another.',
    },
  },
  ledger: neverOlder('balance'),
  lesson:
    'A lagging replica returns a past state, and nothing in the answer shows it. Send a client that has just written to a copy that has the write: the primary, the replica of a sticky session, or one that waits until it has caught up.',
  source:
    'D. Terry et al.: Session Guarantees for Weakly Consistent Replicated Data, 1994 (read your writes); M. Kleppmann: Designing Data-Intensive Applications, 2017, chapter 5 (problems with replication lag)',
}
