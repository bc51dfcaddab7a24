import { millis } from '@chaosproxy/history'
import { add, ask, done, down, during, sees, stall, unanswered } from '../beats.ts'
import { sameEverywhere } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  target: 'outbox',
  nodes: 3,
  workload: 'counter',
  timeoutMs: millis(800),
  seed: 1,
  leader: 'n1',
  cast: ['Ana', 'Ben'],
} as const satisfies Partial<Tale>

const first = ask(
  0,
  ['Ana', 'n3'],
  done(add('orders', 1)),
  'n1 is the shop’s database, n2 the queue from which the warehouse hears of orders, n3 an app server. Ana orders.',
)
const deadOfNight = during([260, 900], down('n3'), 'Before n3 hears of it, it dies.')

export const dualWrite: Story = {
  name: 'dual-write',
  summary: 'an app server writes to a database and to a queue, and dies between the two',
  told: [
    {
      ...system,
      title: 'first the database, then the queue',
      knobs: { write: 'database-then-queue' },
      beats: [
        first,
        during([150, 400], stall('n1', 'n3'), 'For a moment, what the database sends to n3 is late.'),
        ask(200, ['Ana', 'n3'], unanswered(add('orders', 1)), 'Ana orders again. The database stores the order.'),
        deadOfNight,
        ask(1_500, ['Ben', 'n1'], sees('orders', 2), 'Ben at the till asks the database: two orders.'),
        ask(1_600, ['Ben', 'n2'], sees('orders', 1), 'In the warehouse there is one.'),
      ],
      ending: {
        verdicts: { eventual: 'violated' },
        finally: {},
        says: 'The second order is paid for, and is never sent. Nobody will notice but Ana.',
      },
    },
    {
      ...system,
      title: 'first the queue, then the database',
      knobs: { write: 'queue-then-database' },
      beats: [
        first,
        during([150, 400], stall('n2', 'n3'), 'For a moment, what the queue sends to n3 is late.'),
        ask(200, ['Ana', 'n3'], unanswered(add('orders', 1)), 'Ana orders again. The queue tells the warehouse.'),
        deadOfNight,
        ask(1_500, ['Ben', 'n1'], sees('orders', 1), 'Ben at the till asks the database: one order.'),
        ask(1_600, ['Ben', 'n2'], sees('orders', 2), 'In the warehouse there are two.'),
      ],
      ending: {
        verdicts: { eventual: 'violated' },
        finally: {},
        says: 'The second order is sent, and does not exist.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'an outbox in the database',
    knobs: { write: 'outbox' },
    beats: [
      first,
      during([150, 400], stall('n1', 'n3'), 'For a moment, what the database sends to n3 is late.'),
      ask(
        200,
        ['Ana', 'n3'],
        unanswered(add('orders', 1)),
        'Ana orders again. The database stores the order and, in the same transaction, the event in its outbox.',
      ),
      deadOfNight,
      ask(1_500, ['Ben', 'n1'], sees('orders', 2), 'Ben at the till asks the database: two orders.'),
      ask(
        1_600,
        ['Ben', 'n2'],
        sees('orders', 2),
        'The database’s relay has passed both on. So in the warehouse there are two.',
      ),
    ],
    ending: {
      verdicts: { eventual: 'met' },
      finally: { orders: 2 },
      says: 'The app server died as before; nothing depended on it any more.',
    },
  },
  ledger: sameEverywhere('orders'),
  lesson:
    'Two systems cannot be written to as one: between the two writes anything may happen, and two writers may reach them in different orders. Write to one of them, with the message to the other in the same transaction, and let a relay repeat that message until it is confirmed, to a receiver that knows what it has had.',
  source:
    'M. Kleppmann: Designing Data-Intensive Applications, 2017, chapter 11 (keeping systems in sync); C. Richardson: Microservices Patterns, 2018, section 3.3.7 (transactional outbox)',
}
