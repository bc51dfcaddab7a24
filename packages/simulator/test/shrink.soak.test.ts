import { millis } from '@chaos/history'
import { protocols } from '@chaos/protocols'
import { expect, test } from 'vitest'
import {
  causeOf,
  minimise,
  runScenario,
  type Subject,
  searchSeeds,
  type TrialLimits,
  usualStrategies,
} from '../src/index.ts'

// What people are shown is small, whatever was found. CHAOS_SOAK=short goes by two starting seeds instead of twenty.
const STARTS = process.env['CHAOS_SOAK'] === 'short' ? 2 : 20
const MOST_TRIALS = 20_000

/** Not cut down so far in every case: these show only after several changes of the leader, or many requests at once. */
const HARD = ['commit-old-term', 'up-to-date-length-only', 'double-apply', 'dedup-leader-only', 'overlapping-changes']

const limits: TrialLimits = {
  checkMs: millis(5_000),
  memoryBytes: 2 ** 28,
  // The time that this process works, not what it waits for others on the same machine.
  now: () => millis(process.cpuUsage().user / 1_000),
  invariants: true,
}

test('nearly every failure is cut down to at most 12 operations and 4 faults within 2 s, and fails for the same cause', () => {
  const sizes: string[] = []
  let small = 0
  for (const protocol of protocols)
    for (const { name: bug } of protocol.bugs) {
      const subject: Subject = {
        target: protocol.name,
        protocol,
        bug,
        knobs: protocol.name === 'primary-replica' ? { sync: 2, reads: 'primary' } : {},
        level: protocol.promises === 'none' ? 'linearizable' : protocol.promises,
        nodes: undefined,
        operations: 60,
      }
      for (let start = 0; start < STARTS; start++) {
        const first = 1 + start * 1_000_000
        const search = {
          first,
          count: MOST_TRIALS,
          strategies: usualStrategies,
          limits,
          stopAtFirst: true,
          verifyDeterminism: false,
        }
        const [finding] = searchSeeds(subject, search).findings
        if (finding === undefined) throw new Error(`${protocol.name} ${bug} is not found from seed ${first}`)
        const scenario = minimise(subject, finding, { limits, budgetMs: millis(2_000) })!
        const invariants = finding.failure.kind !== 'violation'
        const { failure } = runScenario(subject, scenario, { ...limits, invariants })
        expect(failure && causeOf(failure), `${bug}, seed ${finding.seed}`).toBe(causeOf(finding.failure))
        const { operations, faults } = scenario
        if (operations.length <= 12 && faults.length <= 4) small++
        else if (!HARD.includes(bug))
          sizes.push(`${bug}, seed ${finding.seed}: ${operations.length} operations, ${faults.length} faults`)
      }
    }
  expect(small / (small + sizes.length), sizes.join('\n')).toBeGreaterThanOrEqual(0.95)
})
