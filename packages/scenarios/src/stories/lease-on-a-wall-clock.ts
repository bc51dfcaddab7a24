import type { Fault } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { beats, clockAhead, during, stall } from '../beats.ts'
import { allCounted } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  target: 'lease-lock',
  nodes: 4,
  workload: 'counter',
  timeoutMs: millis(2_000),
  leader: 'n1',
  cast: ['Ana', 'Ben'],
} satisfies Partial<Tale>

const behind: Fault = clockAhead('n3', -5_000)
const wrong = during(
  [0, 3_000],
  behind,
  'n1 grants locks, n2 is the store, n3 and n4 work for clients. The clock of n3 is five seconds behind.',
)
const slow = during([150, 600], stall('n2', 'n3'), 'For a moment, what the store n2 sends to n3 is late.')

export const leaseOnAWallClock: Story = {
  name: 'lease-on-a-wall-clock',
  summary: 'two workers hold one lock, because one of them reads the wrong time from its clock',
  told: [
    {
      ...system,
      title: 'a lock whose lease is measured by wall clocks',
      targetSettings: { clock: 'wall', fencing: false },
      beats: beats`
        ${wrong}
        50 Ana n3 add stock 10 -- Ana books ten boxes in.
        ${slow}
        200 Ana n3 add stock 5 -- Ana books five more in: n3 takes the lock for 100 ms and reads the count from the store. The reply, 10, is on its way.
        400 Ben n4 add stock 3 -- The lease has expired, so n4 gets the lock, reads 10 and stores 13. Then the 10 arrives at n3. By n3’s clock the lease has hardly begun: it stores 15.
        1000 Ben n4 read stock = 15 -- Ben’s three boxes are gone.`,
      ending: {
        verdicts: { linearizable: 'violated' },
        finally: { stock: 15 },
        says: '18 boxes came, 15 are counted. The lock was granted correctly each time, but n3 held it longer than granted.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'fencing tokens',
    targetSettings: { clock: 'wall', fencing: true },
    beats: beats`
      ${wrong}
      50 Ana n3 add stock 10 -- Ana books ten boxes in.
      ${slow}
      200 Ana n3 add stock 5 unanswered -- Ana books five more in; the store’s reply to n3 is late again.
      400 Ben n4 add stock 3 -- n4 gets the lock with a higher token, and stores 13 under it. n3 tries to store 15 under its old token: the store refuses, and Ana gets no confirmation.
      1000 Ben n4 read stock = 13 -- Ben’s three boxes are there, Ana’s five are not.
      2600 Ana n4 add stock 5 -- Ana looks, and books hers in again.`,
    ending: {
      verdicts: { linearizable: 'met' },
      finally: { stock: 18 },
      says: '18 boxes came, 18 are counted. The clock is as wrong as before, but it no longer matters.',
    },
  },
  ledger: allCounted('stock'),
  lesson:
    'The holder of a lease decides by its own clock when the lease ends, and any time may pass between reading that clock and acting. Number the leases, and let the resource refuse lower numbers than it has seen. Measure durations with monotonic clocks.',
  source:
    'C. Gray, D. Cheriton: Leases: An Efficient Fault-Tolerant Mechanism for Distributed File Cache Consistency, 1989; M. Kleppmann: How to do distributed locking, 2016',
}
