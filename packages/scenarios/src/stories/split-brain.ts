import { millis } from '@chaosproxy/history'
import { beats, cut, during, ledByN1 } from '../beats.ts'
import { soldOnce } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  ...ledByN1,
  target: 'primary-replica',
  timeoutMs: millis(2_000),
  cast: ['Ana', 'Ben'],
} satisfies Partial<Tale>

const parted = (whatN1Does: string) =>
  during(
    [500, 5_000],
    cut(['n1'], ['n2', 'n3']),
    `The network splits: the primary n1 on one side, both replicas on the other. The replicas hear nothing for a while and make one of themselves the primary; n1 hears nothing either, and ${whatN1Does}.`,
  )

export const splitBrain: Story = {
  name: 'split-brain',
  summary: 'a network splits, both sides have a primary, and one seat is sold twice',
  told: [
    {
      ...system,
      title: 'a primary that confirms alone',
      targetSettings: { sync: 0, reads: 'primary' },
      beats: beats`
        0 Ana n1 read seat-14 = null -- Seat 14 is free.
        ${parted('remains primary')}
        3000 Ana n1 cas seat-14 null Ana -- Ana books seat 14 at the old primary if it is still free. It is.
        3100 Ben n2 cas seat-14 null Ben -- Ben books seat 14 at the new primary on the same condition. It is free there, too.
        3200 Ana n1 read seat-14 = Ana -- Ana looks again: the seat is hers.
        3300 Ben n2 read seat-14 = Ben -- Ben looks again: the seat is his.`,
      ending: {
        verdicts: { linearizable: 'violated', sequential: 'violated' },
        finally: { 'seat-14': 'Ben' },
        says: 'One seat, two tickets. When the network heals, the old primary steps down, and Ana’s booking is silently gone.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'a primary that waits for a majority',
    targetSettings: { sync: 'majority', reads: 'primary' },
    beats: beats`
      0 Ana n1 read seat-14 = null -- Seat 14 is free.
      ${parted('stops serving, for it needs a majority')}
      3000 Ana n1 cas seat-14 null Ana refused -- Ana books seat 14 at n1, which is cut off from the majority: she is refused.
      3100 Ben n2 cas seat-14 null Ben -- Ben books seat 14 at the new primary, which has a majority.
      3300 Ben n2 read seat-14 = Ben -- Ben looks again: the seat is his.`,
    ending: {
      verdicts: { linearizable: 'met' },
      finally: { 'seat-14': 'Ben' },
      says: 'One seat, one ticket: there is only one majority. The price: the smaller side sells nothing.',
    },
  },
  ledger: soldOnce('seat-14'),
  lesson:
    'A dead primary and an unreachable one look the same, so replacing a silent primary may leave you with two. Require a majority for each decision, or fence the old primary off first.',
  source:
    'S. Davidson, H. Garcia-Molina, D. Skeen: Consistency in Partitioned Networks, 1985; P. Bailis, K. Kingsbury: The Network is Reliable, 2014 (split brains of real systems)',
}
