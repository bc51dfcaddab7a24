import { millis } from '@chaosproxy/history'
import { beats, ledByN1 } from '../beats.ts'
import { nothingOverwritten } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  ...ledByN1,
  target: 'raft',
  timeoutMs: millis(500),
  cast: ['Ana', 'Ben'],
} satisfies Partial<Tale>

export const lostUpdate: Story = {
  name: 'lost-update',
  summary: 'two clients read a number, add to it and write it back; one addition is lost',
  told: [
    {
      ...system,
      title: 'Raft, read and then write',
      beats: beats`
        0 Ana n1 write stock 10 -- Ten boxes are in stock.
        100 Ana n1 read stock = 10 -- Ana has five more, and reads how many there are.
        110 Ben n2 read stock = 10 -- Ben has three more, and reads the same.
        200 Ana n1 write stock 15 -- Ana writes 10 + 5.
        210 Ben n2 write stock 13 -- Ben writes 10 + 3, over it.`,
      ending: {
        verdicts: { linearizable: 'met', eventual: 'met' },
        finally: { stock: 13 },
        says: '18 boxes on the shelf, 13 in the books. No fault happened and no promise was broken: the history is linearizable.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'Raft, compare and set',
    beats: beats`
      0 Ana n1 write stock 10 -- Ten boxes are in stock.
      100 Ana n1 read stock = 10 -- Ana reads how many there are.
      110 Ben n2 read stock = 10 -- So does Ben.
      200 Ana n1 cas stock 10 15 -- Ana writes 15 if it is still 10.
      210 Ben n2 cas stock 10 13 refused -- Ben writes 13 if it is still 10. It is not, so he is refused …
      300 Ben n2 read stock = 15 -- … reads again …
      400 Ben n2 cas stock 15 18 -- … and adds his three to what is there now.`,
    ending: {
      verdicts: { linearizable: 'met', eventual: 'met' },
      finally: { stock: 18 },
      says: '18 boxes on the shelf, 18 in the books.',
    },
  },
  ledger: nothingOverwritten('stock'),
  lesson:
    'Linearizability is a promise about single operations. A read followed by a write is two. Make the whole change one operation: an increment, a compare-and-set, or a serializable transaction.',
  source: 'H. Berenson et al.: A Critique of ANSI SQL Isolation Levels, 1995 (P4, lost update)',
}
