import { millis } from '@chaosproxy/history'
import { beats, clockAhead, during } from '../beats.ts'
import { neverOlder } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const cast = ['Ana', 'Ben'] as const
const ahead = during([0, 2_000], clockAhead('n2', 3_000), 'The clock of n2 runs three seconds ahead. Nobody notices.')

const system = {
  workload: 'register',
  timeoutMs: millis(500),
  cast,
} satisfies Partial<Tale>

export const clockSkewReorder: Story = {
  name: 'clock-skew-reorder',
  summary: 'the last write is lost, because the clock that stamped an earlier write runs ahead',
  told: [
    {
      ...system,
      title: 'two masters, the last writer wins by the clock',
      target: 'master-master',
      nodes: 2,
      beats: beats`
        ${ahead}
        100 Ana n2 write price 100 -- Ana sets the price to $100 at n2, which stamps the write with a time in the future.
        300 Ben n1 read price = 100 -- Ben sees $100 at n1: the write has arrived.
        400 Ben n1 write price 80 -- Ben corrects it to $80, and n1 confirms. By n1’s correct clock, the correction is older than the write it replaces.
        600 Ben n1 read price = 100 -- So the correction loses: even n1 still shows $100.`,
      ending: {
        verdicts: {
          linearizable: 'violated',
          sequential: 'violated',
          eventual: 'violated',
        },
        finally: { price: 100 },
        says: 'A confirmed write is lost without a partition, a crash or a concurrent client. For three seconds, all further writes at n1 are lost as well.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'Raft, which orders writes in a log and not by clocks',
    target: 'raft',
    nodes: 3,
    leader: 'n1',
    beats: beats`
      ${ahead}
      100 Ana n2 write price 100 -- Ana sets the price to $100.
      300 Ben n1 read price = 100 -- Ben sees $100.
      400 Ben n1 write price 80 -- Ben corrects it to $80: the next entry of the log.
      600 Ben n1 read price = 80 -- It shows.`,
    ending: {
      verdicts: { linearizable: 'met', eventual: 'met' },
      finally: { price: 80 },
      says: 'The clock is as wrong as before, and it does not matter.',
    },
  },
  ledger: neverOlder('price'),
  lesson:
    'Timestamps of different clocks do not order events: “the last writer wins” then means “the fastest clock wins”. Order writes by something else: a log, Lamport clocks, or a hybrid clock that never falls behind the timestamps it receives.',
  source:
    'L. Lamport: Time, Clocks, and the Ordering of Events in a Distributed System, 1978; K. Kingsbury: Jepsen: Cassandra, 2013 (last write wins)',
}
