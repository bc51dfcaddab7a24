import type { Database, Store } from './store.ts'

// BullMQ stores the ids of jobs in keys of each queue, such as `bull:mail:wait`.

/** Jobs that a worker is processing or can take next. */
const UNDER_WAY = /:(?:wait|active|prioritized)$/
const LATER = /:delayed$/
/** Delayed jobs that are due within this time count as under way. */
const SOON_MS = 1_000
/** A delayed job's score is its time in milliseconds times this factor. */
const SCORE_OF_MS = 0x1000

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
