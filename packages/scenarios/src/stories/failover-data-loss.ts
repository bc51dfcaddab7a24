import { millis } from '@chaosproxy/history'
import { beats, cut, during, ledByN1 } from '../beats.ts'
import { neverOlder } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  ...ledByN1,
  target: 'primary-replica',
  timeoutMs: millis(2_000),
  cast: ['Ana', 'Ben'],
} satisfies Partial<Tale>

export const failoverDataLoss: Story = {
  name: 'failover-data-loss',
  summary: 'the primary confirms an order and is cut off; its successor never received it',
  told: [
    {
      ...system,
      title: 'a primary that replicates later',
      targetSettings: { sync: 0, reads: 'primary' },
      beats: beats`
        0 Ana n1 write order draft -- Ana prepares an order.
        ${during([200, 2_500], cut(['n1'], ['n2', 'n3']), 'The primary n1 is cut off from its replicas. It does not notice.')}
        250 Ana n1 write order sent -- Ana sends the order. n1 stores and confirms it; the replicas will get it once the link is back.
        1500 Ben n2 read order = draft -- After a timeout the replicas have made one of themselves the primary. Ben, in the warehouse, finds a draft.
        1600 Ben n2 write order cancelled -- He tidies up, and cancels it.`,
      ending: {
        verdicts: { linearizable: 'violated', eventual: 'met' },
        finally: { order: 'cancelled' },
        says: 'The link is back, and n1 follows the new primary: the confirmed order is gone from every copy.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'a primary that waits for a majority',
    targetSettings: { sync: 'majority', reads: 'primary' },
    beats: beats`
      0 Ana n1 write order draft -- Ana prepares an order.
      ${during([200, 2_500], cut(['n1'], ['n2', 'n3']), 'The primary n1 is cut off from its replicas.')}
      250 Ana n1 write order sent unanswered -- Ana sends the order. n1 cannot reach a replica, so it confirms nothing: Ana knows that the outcome is unknown.
      1500 Ben n2 read order = draft -- The replicas have a new primary. Ben finds a draft.
      1600 Ben n2 write order cancelled -- He cancels it, and a majority has it.`,
    ending: {
      verdicts: { linearizable: 'met', eventual: 'met' },
      finally: { order: 'cancelled' },
      says: 'No confirmed write is lost. The price: a write waits for a replica, and is refused when there is none.',
    },
  },
  ledger: neverOlder('order'),
  lesson:
    'A write confirmed by one node lasts only as long as that node: a failover loses whatever only the old primary had. To survive a failover, a write must be on a majority before it is confirmed.',
  source:
    'M. Kleppmann: Designing Data-Intensive Applications, 2017, chapter 5 (GitHub’s failover of 2012 to an out-of-date replica); K. Kingsbury: Jepsen: Redis, 2013',
}
