import { millis } from '@chaosproxy/history'
import { ask, clockAhead, done, during, sees, write } from '../beats.ts'
import { neverOlder } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const cast = ['Ana', 'Ben'] as const
const ahead = during(
  [0, 2_000],
  clockAhead('n2', 3_000),
  'The clock of n2 runs three seconds ahead. Nothing tells that it does.',
)

const system = {
  workload: 'register',
  timeoutMs: millis(500),
  seed: 1,
  cast,
} as const satisfies Partial<Tale>

export const clockSkewReorder: Story = {
  name: 'clock-skew-reorder',
  summary: 'the last write loses, because the one before it was made by a clock that runs ahead',
  told: [
    {
      ...system,
      title: 'two masters, the last writer wins by the clock',
      target: 'master-master',
      nodes: 2,
      beats: [
        ahead,
        ask(
          100,
          ['Ana', 'n2'],
          done(write('price', 100)),
          'Ana sets the price to $100 at n2, which stamps it with a time that is still to come.',
        ),
        ask(300, ['Ben', 'n1'], sees('price', 100), 'Ben sees $100 at n1: the write has arrived.'),
        ask(
          400,
          ['Ben', 'n1'],
          done(write('price', 80)),
          'Ben corrects it to $80, and n1 confirms. By its own, right clock the correction is older than what it corrects.',
        ),
        ask(600, ['Ben', 'n1'], sees('price', 100), 'So it never happened: n1 itself still shows $100.'),
      ],
      ending: {
        verdicts: {
          linearizable: 'violated',
          sequential: 'violated',
          eventual: 'violated',
        },
        finally: { price: 100 },
        says: 'A confirmed write is lost, with no partition, no crash and no concurrent client; and for three seconds, so is every other.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'Raft, which orders writes in a log and not by clocks',
    target: 'raft',
    nodes: 3,
    leader: 'n1',
    beats: [
      ahead,
      ask(100, ['Ana', 'n2'], done(write('price', 100)), 'Ana sets the price to $100.'),
      ask(300, ['Ben', 'n1'], sees('price', 100), 'Ben sees $100.'),
      ask(400, ['Ben', 'n1'], done(write('price', 80)), 'Ben corrects it to $80: the next entry of the log.'),
      ask(600, ['Ben', 'n1'], sees('price', 80), 'It shows.'),
    ],
    ending: {
      verdicts: { linearizable: 'met', eventual: 'met' },
      finally: { price: 80 },
      says: 'The clock is as wrong as before, and nobody notices.',
    },
  },
  ledger: neverOlder('price'),
  lesson:
    'Timestamps of different clocks do not order events, and “the last writer wins” then means “the fastest clock wins”. What must follow what it has seen needs an order that does not come from clocks: a log, Lamport’s counters, or a clock that never falls behind what it has heard of.',
  source:
    'L. Lamport: Time, Clocks, and the Ordering of Events in a Distributed System, 1978; K. Kingsbury: Jepsen: Cassandra, 2013 (last write wins)',
}
