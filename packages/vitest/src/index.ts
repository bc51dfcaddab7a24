import type { SearchSettings } from 'chaosproxy'
import { matchersThat } from 'chaosproxy/matchers'
import { expect } from 'vitest'
import { attachFinding, attachReport } from './attach-report.ts'
import { rememberViolation, violationBefore } from './attempts.ts'

export { type ChaosFixture, test } from './fixture.ts'
export { expect }

/** What `expect(history)` has besides Vitest's own matchers. */
export interface HistoryMatchers<R = unknown> {
  /** One order of all operations explains every answer and agrees with real time. */
  toBeLinearizable(): R
  /** One order of all operations explains every answer and agrees with each client's own order. */
  toBeSequentiallyConsistent(): R
  /** After healing, all replicas agree on a value that was written and not overwritten earlier. */
  toBeEventuallyConsistent(): R
  /** By the name of any level, such as `read-your-writes`. */
  toSatisfyLevel(level: string): R
}

/** What `expect(service)` has: a Node service as `services` of a configuration declares one, or a protocol. */
export interface SimulationMatchers {
  /**
   * Nothing is found in simulated runs of it: its histories meet their level, and its programs do not end by themselves.
   * By default 300 runs, each of a seed of its own. Await it.
   */
  toSurviveSimulation(settings?: SearchSettings): Promise<void>
}

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: it must be declared as Vitest declares it
  interface Matchers<T = any> extends HistoryMatchers<T>, SimulationMatchers {}
}

expect.extend({
  ...matchersThat(
    (missed) => {
      rememberViolation(missed)
      attachReport(missed)
    },
    violationBefore,
    attachFinding,
  ),
})
