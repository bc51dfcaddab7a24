import type { SearchSettings } from 'chaosproxy'
import { matchersThat } from 'chaosproxy/matchers'
import { expect } from 'vitest'
import { attachFinding, attachReport } from './attach-report.ts'
import { rememberViolation, violationBefore } from './attempts.ts'
import { requireAwaited } from './require-awaited.ts'

export { type ChaosFixture, test } from './fixture.ts'
export { expect }

/** The matchers that `expect(history)` has in addition to Vitest's own. */
export interface HistoryMatchers<R = unknown> {
  /** Passes if one order of all operations explains every result and agrees with real time. */
  toBeLinearizable(): R
  /** Passes if one order of all operations explains every result and agrees with each client's own order. */
  toBeSequentiallyConsistent(): R
  /** Passes if, after healing, all replicas agree on a value that was written and not overwritten earlier. */
  toBeEventuallyConsistent(): R
  /** Passes if the history satisfies the named level, such as `read-your-writes`. */
  toSatisfyLevel(level: string): R
}

/** The matchers of `expect(service)`. `service` is a protocol or an element of a configuration's `services`. */
export interface SimulationMatchers {
  /**
   * Passes if simulated runs of the service find no failure. By default, there are 300 runs with consecutive seeds.
   * Await the result.
   */
  toSurviveSimulation(settings?: SearchSettings): Promise<void>
}

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: it must be declared as Vitest declares it
  interface Matchers<T = any> extends HistoryMatchers<T>, SimulationMatchers {}
}

const matchers = matchersThat(
  (missed) => {
    rememberViolation(missed)
    attachReport(missed)
  },
  violationBefore,
  attachFinding,
)

expect.extend({
  ...matchers,
  toSurviveSimulation(...given: Parameters<typeof matchers.toSurviveSimulation>) {
    const result = matchers.toSurviveSimulation.apply(this, given)
    requireAwaited('toSurviveSimulation', result)
    return result
  },
})
