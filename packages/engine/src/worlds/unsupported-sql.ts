import { millis } from '@chaosproxy/history'
import { planTrial, runPlan, strategiesNamed } from '@chaosproxy/simulator'
import { limitsFor } from './play.ts'
import { subjectOf } from './subject.ts'
import type { SubjectName } from './subject-name.ts'

/** The number of runs per strategy. It suffices for the clients to make every request of a route table. */
const SEEDS = 8
const LONGEST_MS = millis(10_000)

/**
 * Returns the statements of a service that the simulated PostgreSQL does not execute. Maps each to its unsupported
 * construct. Performs a few runs without faults to find them.
 */
export async function unsupportedSql(name: SubjectName): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  const subject = await subjectOf(name, {
    longestMs: LONGEST_MS,
    unsupportedSql: (sql, construct) => found.set(sql, construct),
  })
  const calm = { ...subject, choices: { ...subject.choices, faults: [] } }
  try {
    for (const strategy of strategiesNamed(['uniform']))
      for (let seed = 1; seed <= SEEDS; seed++) {
        await subject.perform(() => runPlan(calm, planTrial(calm, strategy, seed), limitsFor(false)))
        await subject.settle()
      }
  } catch (error) {
    // The program may have ended because a statement is unsupported.
    if (found.size === 0) throw error
  }
  return found
}
