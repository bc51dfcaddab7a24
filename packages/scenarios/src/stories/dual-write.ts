import { millis } from '@chaosproxy/history'
import { beats, down, during, stall } from '../beats.ts'
import { sameEverywhere } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  target: 'outbox',
  nodes: 3,
  workload: 'counter',
  timeoutMs: millis(800),
  leader: 'n1',
  cast: ['Ana', 'Ben'],
} satisfies Partial<Tale>

const first =
  '0 Ana n3 add orders 1 -- n1 is the shop’s database, n2 the queue from which the warehouse hears of orders, n3 an app server. Ana orders.'
const deadOfNight = during([260, 900], down('n3'), 'Before n3 receives the reply, it dies.')

export const dualWrite: Story = {
  name: 'dual-write',
  summary: 'an app server writes to a database and a queue, and dies between the two',
  told: [
    {
      ...system,
      title: 'first the database, then the queue',
      targetSettings: { write: 'database-then-queue' },
      beats: beats`
        ${first}
        ${during([150, 400], stall('n1', 'n3'), 'For a moment, what the database sends to n3 is late.')}
        200 Ana n3 add orders 1 unanswered -- Ana orders again. The database stores the order.
        ${deadOfNight}
        1500 Ben n1 read orders = 2 -- Ben at the till asks the database: two orders.
        1600 Ben n2 read orders = 1 -- In the warehouse there is one.`,
      ending: {
        verdicts: { eventual: 'violated' },
        finally: {},
        says: 'The second order is paid for and never shipped. Only Ana will notice.',
      },
    },
    {
      ...system,
      title: 'first the queue, then the database',
      targetSettings: { write: 'queue-then-database' },
      beats: beats`
        ${first}
        ${during([150, 400], stall('n2', 'n3'), 'For a moment, what the queue sends to n3 is late.')}
        200 Ana n3 add orders 1 unanswered -- Ana orders again. The queue tells the warehouse.
        ${deadOfNight}
        1500 Ben n1 read orders = 1 -- Ben at the till asks the database: one order.
        1600 Ben n2 read orders = 2 -- In the warehouse there are two.`,
      ending: {
        verdicts: { eventual: 'violated' },
        finally: {},
        says: 'The second order is shipped, and does not exist in the database.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'an outbox in the database',
    targetSettings: { write: 'outbox' },
    beats: beats`
      ${first}
      ${during([150, 400], stall('n1', 'n3'), 'For a moment, what the database sends to n3 is late.')}
      200 Ana n3 add orders 1 unanswered -- Ana orders again. The database stores the order and, in the same transaction, the event in its outbox.
      ${deadOfNight}
      1500 Ben n1 read orders = 2 -- Ben at the till asks the database: two orders.
      1600 Ben n2 read orders = 2 -- The database’s relay has forwarded both, so the warehouse has two.`,
    ending: {
      verdicts: { eventual: 'met' },
      finally: { orders: 2 },
      says: 'The app server died as before, but nothing depended on it any more.',
    },
  },
  ledger: sameEverywhere('orders'),
  lesson:
    'Two systems cannot be written atomically: anything may happen between the two writes, and two writers may reach the systems in different orders. Write to one of them and store the message for the other in the same transaction. Let a relay resend that message until it is confirmed, to a receiver that drops duplicates.',
  source:
    'M. Kleppmann: Designing Data-Intensive Applications, 2017, chapter 11 (keeping systems in sync); C. Richardson: Microservices Patterns, 2018, section 3.3.7 (transactional outbox)',
}
