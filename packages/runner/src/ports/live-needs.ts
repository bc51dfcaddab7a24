import { entryOf, type ModelEntry, type Need } from '@chaosproxy/checker'
import { type EventInput, keyName } from '@chaosproxy/history'
import type { Workload } from '@chaosproxy/workloads'

/** Tracks what a growing history lacks to prove anything. `missingSuccesses` finds the same in a whole history. */
export interface LiveNeeds {
  took(event: EventInput): void
  /** What is missing: `no read succeeded yet`. Undefined if nothing is. */
  missing(): string | undefined
}

export interface NeedyHistory extends Pick<Workload, 'model'> {
  /** The operations that clients make; absent if unknown. A history needs no operation that nobody makes. */
  readonly functions?: readonly string[] | undefined
}

export function createLiveNeeds(history: NeedyHistory): LiveNeeds {
  const { needs, ofTransactions } = neededBy(history)
  const unmet = new Set(needs)
  const shared = history.model === 'register' && needs.length > 1 ? createSharedKey(needs) : undefined
  return {
    took(event) {
      if (event.type !== 'ok') return
      // A model of lists judges transactions, too, and by their own needs.
      if (ofTransactions?.needs.every((need) => meets(need, event)) === true) unmet.clear()
      for (const need of unmet) if (meets(need, event)) unmet.delete(need)
      shared?.took(event)
    },
    missing() {
      for (const { what } of unmet) return `no ${what} succeeded yet`
      return shared === undefined || shared.isFound() ? undefined : 'no key was both written and read yet'
    },
  }
}

function neededBy({ model, functions }: NeedyHistory): Pick<ModelEntry<string>, 'ofTransactions'> & {
  readonly needs: readonly Need[]
} {
  try {
    const { needs, ofTransactions } = entryOf(model)
    const areMade = (need: Need) =>
      functions === undefined || need.functions?.some((f) => functions.includes(f)) !== false
    return { needs: needs.filter(areMade), ofTransactions }
  } catch {
    return { needs: [] }
  }
}

const meets = ({ functions, what }: Need, { f, value }: EventInput): boolean =>
  functions?.includes(f) !== false && (what !== 'txn that reads' || readsSome(value))

/** Whether a transaction contains a read. */
const readsSome = (steps: EventInput['value']): boolean =>
  Array.isArray(steps) && steps.some((step) => Array.isArray(step) && READS.test(String(step[0])))

/** Matches the names of reads: `r`, `read`, and a comparison such as `r>=`. */
const READS = /^:?r/

/** The maximum number of keys to remember. With more keys, a shared one is taken for granted. */
const MOST_KEYS = 10_000

/** Tracks whether a key was both written and read: no other key shows what a write left. */
function createSharedKey([read, write]: readonly Need[]) {
  const byNeed = [read, write].map((need) => ({ need, keys: new Set<string | undefined>() }))
  let isFound = false
  return {
    took(event: EventInput): void {
      if (isFound) return
      const key = keyName(event.key)
      for (const { need, keys } of byNeed) if (need !== undefined && meets(need, event)) keys.add(key)
      isFound = byNeed.every(({ keys }) => keys.has(key)) || byNeed.some(({ keys }) => keys.size > MOST_KEYS)
    },
    isFound: () => isFound,
  }
}
