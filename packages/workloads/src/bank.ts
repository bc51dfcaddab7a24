import { readShare, readsSetting } from './reading.ts'
import { numberOf } from './setting.ts'
import { missing } from './vacuity.ts'
import type { Workload } from './workload.ts'

const BALANCES = { a: 100_000, b: 100_000, c: 100_000, d: 100_000, e: 100_000 } as const
const ACCOUNTS = Object.keys(BALANCES)

/**
 * Transfers between a few accounts, and reads of all balances. Each transfer has an id, so that it takes effect at most
 * once. Amounts vary widely, so that different transfers rarely have the same sum. Reads therefore reveal which
 * transfers took effect, and histories can be judged quickly.
 */
export const bank: Workload = {
  name: 'bank',
  summary:
    'transfers between the accounts a to e, which open with 100,000 each; each must be made once, and no balance may become negative',
  model: 'bank',
  initial: BALANCES,
  isInserted: true,
  levels: ['linearizable', 'convergent'],
  object: 'bank',
  functions: ['transfer', 'read'],
  reads: ['read'],
  settings: [
    readsSetting,
    { name: 'amount', summary: 'the largest amount of one transfer', default: 80_000, min: 1, max: 1_000_000 },
  ],
  create(settings, serial) {
    const reads = numberOf(settings, 'reads')
    const most = numberOf(settings, 'amount')
    let last = serial
    return {
      client(random, rank) {
        const share = readShare(reads, rank)
        return {
          next() {
            if (random.chance(share)) return { f: 'read', value: null }
            const place = random.integer(ACCOUNTS.length)
            const further = 1 + random.integer(ACCOUNTS.length - 1)
            const from = ACCOUNTS[place] ?? ''
            const to = ACCOUNTS[(place + further) % ACCOUNTS.length] ?? ''
            last += 1
            return { f: 'transfer', value: { from, to, amount: 1 + random.integer(most), id: last } }
          },
        }
      },
    }
  },
  finale: () => [{ f: 'read', value: null }],
  races: { what: 'a transfer', functions: ['transfer'] },
  vacuous: (history) => [...missing(history, 'read'), ...missing(history, 'transfer')],
}
