import { millis } from '@chaosproxy/history'
import { beats, ledByN1 } from '../beats.ts'
import { someLeft } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  ...ledByN1,
  target: 'raft',
  timeoutMs: millis(500),
  cast: ['Ana', 'Ben'],
} satisfies Partial<Tale>

export const writeSkew: Story = {
  name: 'write-skew',
  summary: 'two doctors each see that the other is on call, and both go home',
  told: [
    {
      ...system,
      title: 'Raft, a key for each doctor',
      beats: beats`
        0 Ana n1 write Ana 1 -- Ana is on call.
        50 Ben n2 write Ben 1 -- So is Ben. One of them must stay.
        200 Ana n1 read Ben = 1 -- Ana wants to go. Ben is on call, so she may.
        210 Ben n2 read Ana = 1 -- Ben wants to go as well. Ana is on call, so he may.
        300 Ana n1 write Ana 0 -- Ana signs off. She writes her own key.
        310 Ben n2 write Ben 0 -- Ben signs off. He writes his, so nothing is overwritten.`,
      ending: {
        verdicts: { linearizable: 'met', eventual: 'met' },
        finally: { Ana: 0, Ben: 0 },
        says: 'Nobody is on call. No write was lost and no read was stale: each doctor relied on what the other was about to change.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'Raft, one key for the rule',
    beats: beats`
      0 Ana n1 write "on call" 2 -- Two doctors are on call.
      200 Ana n1 read "on call" = 2 -- Ana sees two, so she may go.
      210 Ben n2 read "on call" = 2 -- So does Ben.
      300 Ana n1 cas "on call" 2 1 -- Ana signs off if there are still two.
      310 Ben n2 cas "on call" 2 1 refused -- Ben does the same. There are not, so he is refused …
      400 Ben n2 read "on call" = 1 -- … sees that he is the last one, and stays.`,
    ending: {
      verdicts: { linearizable: 'met', eventual: 'met' },
      finally: { 'on call': 1 },
      says: 'One doctor stays. Both changes touch the key that the rule is about, so the second one is refused.',
    },
  },
  ledger: someLeft('on call'),
  lesson:
    'Snapshot isolation refuses two writes of one row, and these are two rows. In a database, use SERIALIZABLE and retry, or lock with SELECT … FOR UPDATE every row that the decision rests on. Without transactions, put the rule into one key and change it by a compare-and-set.',
  source: 'H. Berenson et al.: A Critique of ANSI SQL Isolation Levels, 1995 (A5B, write skew)',
}
