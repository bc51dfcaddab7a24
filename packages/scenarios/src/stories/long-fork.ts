import { millis } from '@chaosproxy/history'
import { beats, during, ledByN1, stall, threeNodes } from '../beats.ts'
import { oneOrder } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = { timeoutMs: millis(500) } satisfies Partial<Tale>

export const longFork: Story = {
  name: 'long-fork',
  summary: 'two readers see two payments in opposite orders, and both are right',
  told: [
    {
      ...threeNodes,
      ...system,
      title: 'two masters that tell each other later',
      target: 'master-master',
      nodes: 2,
      cast: ['Ana', 'Ben', 'Cleo', 'Dan'],
      beats: beats`
        ${during([200, 900], stall('n1', 'n2'), 'What n1 sends to n2 is late …')}
        ${during([210, 900], stall('n2', 'n1'), '… and so is the other direction. Both nodes keep serving.')}
        300 Ana n1 write rent paid -- Ana pays the rent at n1.
        310 Ben n2 write salary paid -- At the same time, the salary is paid at n2.
        400 Cleo n1 read rent = paid -- Cleo audits at n1: the rent is paid.
        450 Cleo n1 read salary = null -- The salary is not there. The rent came first, she notes.
        500 Dan n2 read salary = paid -- Dan audits at n2: the salary is paid.
        550 Dan n2 read rent = null -- The rent is not there. The salary came first, he notes.`,
      ending: {
        verdicts: { linearizable: 'violated', sequential: 'violated', eventual: 'met' },
        finally: { rent: 'paid', salary: 'paid' },
        says: 'Both payments arrive everywhere, and no order of them explains both audits: for a while there were two histories.',
      },
    },
  ],
  fix: {
    ...ledByN1,
    ...system,
    title: 'Raft, one log for all',
    target: 'raft',
    // The clients in the order of their first requests.
    cast: ['Ana', 'Cleo', 'Ben', 'Dan'],
    beats: beats`
      300 Ana n1 write rent paid -- Ana pays the rent.
      400 Cleo n1 read rent = paid -- Cleo sees it …
      450 Cleo n1 read salary = null -- … and no salary yet.
      500 Ben n2 write salary paid -- The salary comes after it in the log.
      600 Dan n3 read salary = paid -- Whoever sees the salary …
      650 Dan n3 read rent = paid -- … sees the rent as well.`,
    ending: {
      verdicts: { linearizable: 'met', sequential: 'met', eventual: 'met' },
      finally: { rent: 'paid', salary: 'paid' },
      says: 'Every reader sees a prefix of one order.',
    },
  },
  ledger: oneOrder('rent', 'salary'),
  lesson:
    'Replicas that each order their own writes first give readers snapshots that do not fit together. Parallel snapshot isolation and causal consistency allow it; snapshot isolation does not. Compare reads of one node, or use a store with one order of commits.',
  source: 'Y. Sovran et al.: Transactional Storage for Geo-Replicated Systems, 2011',
}
