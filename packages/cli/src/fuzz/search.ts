import { type Millis, millis } from '@chaos/history'
import { causeOf, type Finding, type SearchResult } from '@chaos/simulator'
import type { Tinypool } from 'tinypool'
import type { FuzzSettings } from './settings.ts'
import type { SeedsTask } from './worker.ts'

/** What the threads did together. Findings are in order of their seeds. */
export interface SearchOutcome extends SearchResult {
  readonly elapsedMs: Millis
}

export interface SearchHooks {
  readonly progress: (trials: number, causes: number) => void
  /** True once the user has had enough. */
  readonly interrupted: () => boolean
}

/** Small enough that the end is not far off whenever it is called for, large enough that handing out costs nothing. */
const SEEDS_A_TASK = 32

/**
 * Hands seeds to all threads in order. Where the first failure ends the search it is the one of the lowest seed: threads
 * that are busy with lower seeds are waited for, so that the answer does not hang on how many threads there are.
 */
export async function searchInParallel(
  pool: Tinypool,
  settings: FuzzSettings,
  hooks: SearchHooks,
): Promise<SearchOutcome> {
  const startedAt = performance.now()
  const { limit, firstSeed, keepGoing } = settings
  const lastSeed = 'seeds' in limit ? firstSeed + limit.seeds : Number.POSITIVE_INFINITY
  const deadline = 'timeMs' in limit ? startedAt + limit.timeMs : Number.POSITIVE_INFINITY
  const findings: Finding[] = []
  let trials = 0
  let steps = 0
  let next = firstSeed
  const isOver = () =>
    next >= lastSeed ||
    performance.now() >= deadline ||
    hooks.interrupted() ||
    (!keepGoing && findings.some(({ seed }) => seed < next))

  async function work(): Promise<void> {
    while (!isOver()) {
      const first = next
      const count = Math.min(SEEDS_A_TASK, lastSeed - first)
      next += count
      const result: SearchResult = await pool.run(taskFor(settings, first, count), { name: 'search' })
      trials += result.trials
      steps += result.steps
      findings.push(...result.findings)
      hooks.progress(trials, new Set(findings.map(({ failure }) => causeOf(failure))).size)
    }
  }

  await Promise.all(Array.from({ length: settings.workers }, work))
  findings.sort((one, other) => one.seed - other.seed)
  const kept = keepGoing ? findings : findings.slice(0, 1)
  return { trials, steps, findings: kept, elapsedMs: millis(performance.now() - startedAt) }
}

const taskFor = (settings: FuzzSettings, first: number, count: number): SeedsTask => ({
  subject: settings.subject,
  first,
  count,
  strategies: settings.strategies,
  invariants: settings.invariants,
  verifyDeterminism: settings.verifyDeterminism,
  stopAtFirst: !settings.keepGoing,
})
