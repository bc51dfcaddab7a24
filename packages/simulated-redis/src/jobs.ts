import type { Database, Store } from './store.ts'

// BullMQ keeps the numbers of jobs in keys of each queue: `bull:mail:wait`.

/** Jobs that a worker has or takes next. */
const UNDER_WAY = /:(?:wait|active|prioritized)$/
const LATER = /:delayed$/
/** Jobs that are due within this time count. */
const SOON_MS = 1_000
/** The score of a delayed job is its time in milliseconds times this. */
const SCORE_OF_MS = 0x1000

/** Whether a job of BullMQ waits for a worker, or has one. */
export const hasJobs = (store: Store, now: number): boolean =>
  store.databases.some((database) => [...database.entries.keys()].some((key) => isUnderWay(database, key, now)))

function isUnderWay(database: Database, key: string, now: number): boolean {
  const value = database.entries.get(key)?.value
  if (value?.type !== 'list' && value?.type !== 'zset') return false
  if (UNDER_WAY.test(key)) return true
  return (
    LATER.test(key) &&
    value.type === 'zset' &&
    [...value.scores.values()].some((score) => score <= (now + SOON_MS) * SCORE_OF_MS)
  )
}
