import { millis } from '@chaosproxy/history'
import { ask, cut, done, during, ledByN1, sees, unanswered, write } from '../beats.ts'
import { neverOlder } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  ...ledByN1,
  target: 'primary-replica',
  timeoutMs: millis(2_000),
  cast: ['Ana', 'Ben'],
} as const satisfies Partial<Tale>

export const failoverDataLoss: Story = {
  name: 'failover-data-loss',
  summary: 'the primary confirms an order and is cut off; its successor has never heard of it',
  told: [
    {
      ...system,
      title: 'a primary that copies its writes later',
      knobs: { sync: 0, reads: 'primary' },
      beats: [
        ask(0, ['Ana', 'n1'], done(write('order', 'draft')), 'Ana prepares an order.'),
        during(
          [200, 2_500],
          cut(['n1'], ['n2', 'n3']),
          'The primary n1 is cut off from its replicas. It does not notice.',
        ),
        ask(
          250,
          ['Ana', 'n1'],
          done(write('order', 'sent')),
          'Ana sends the order. n1 writes it down and confirms; the replicas will have it as soon as the line is back.',
        ),
        ask(
          1_500,
          ['Ben', 'n2'],
          sees('order', 'draft'),
          'The replicas, tired of the silence, have made one of their own the primary. Ben, in the warehouse, finds a draft.',
        ),
        ask(1_600, ['Ben', 'n2'], done(write('order', 'cancelled')), 'He tidies up, and cancels it.'),
      ],
      ending: {
        verdicts: { linearizable: 'violated', eventual: 'met' },
        finally: { order: 'cancelled' },
        says: 'The line is back, and n1 gives way to the new primary: the confirmed order is gone, and every copy agrees that it never was.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'a primary that waits for a majority',
    knobs: { sync: 'majority', reads: 'primary' },
    beats: [
      ask(0, ['Ana', 'n1'], done(write('order', 'draft')), 'Ana prepares an order.'),
      during([200, 2_500], cut(['n1'], ['n2', 'n3']), 'The primary n1 is cut off from its replicas.'),
      ask(
        250,
        ['Ana', 'n1'],
        unanswered(write('order', 'sent')),
        'Ana sends the order. n1 cannot reach a replica and so confirms nothing: Ana knows that she does not know.',
      ),
      ask(1_500, ['Ben', 'n2'], sees('order', 'draft'), 'The replicas have a new primary. Ben finds a draft.'),
      ask(1_600, ['Ben', 'n2'], done(write('order', 'cancelled')), 'He cancels it, and a majority has it.'),
    ],
    ending: {
      verdicts: { linearizable: 'met', eventual: 'met' },
      finally: { order: 'cancelled' },
      says: 'No confirmed write is lost. The price: a write waits for a replica, and is refused when there is none.',
    },
  },
  ledger: neverOlder('order'),
  lesson:
    'A confirmation from one node lasts as long as that node; failover replaces the node and, with it, everything only it had. What must survive a failover has to be on a majority before it is confirmed.',
  source:
    'M. Kleppmann: Designing Data-Intensive Applications, 2017, chapter 5 (GitHub’s failover of 2012 to an out-of-date replica); K. Kingsbury: Jepsen: Redis, 2013',
}
