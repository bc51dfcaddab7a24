import { type Nanos, nanos } from '@chaos/history'
import type { PlannedFault, Scenario } from '@chaos/runner'

/** Tried from the most to the least. */
const GAPS_MS = [100, 50, 20, 10, 5]
const LENGTHS_MS = [600, 300, 100, 50]
const LONG_ENOUGH_MS = 50

/**
 * The same scenario, less finely tuned: operations and faults further apart, and faults that last, so that real
 * processes, whose messages keep no time to the microsecond, have a chance to show it too. `fails` is asked of each try.
 */
export function sturdier(scenario: Scenario, fails: (scenario: Scenario) => boolean): Scenario {
  const firstThatFails = (candidates: Iterable<Scenario>, otherwise: Scenario): Scenario => {
    for (const candidate of candidates) if (fails(candidate)) return candidate
    return otherwise
  }
  let sturdiest = firstThatFails(
    GAPS_MS.map((gapMs) => apart(scenario, gapMs * 1e6)),
    scenario,
  )
  for (const position of scenario.faults.keys()) {
    const current = sturdiest
    sturdiest = firstThatFails(
      LENGTHS_MS.map((lengthMs) => lasting(current, position, lengthMs)),
      current,
    )
  }
  return sturdiest
}

/** Whatever happens at another time happens at least this much later. */
function apart(scenario: Scenario, gap: number): Scenario {
  const { operations, faults } = scenario
  const times = [...operations.map(({ at }) => at), ...faults.flatMap(({ from, to }) => [from, to])]
  const moved = new Map<number, Nanos>()
  let last = Number.NEGATIVE_INFINITY
  for (const time of [...new Set(times)].sort((one, other) => one - other)) {
    last = Math.max(time, last + gap)
    moved.set(time, nanos(last))
  }
  const move = (time: Nanos): Nanos => moved.get(time) ?? time
  return {
    ...scenario,
    operations: operations.map((operation) => ({ ...operation, at: move(operation.at) })),
    faults: faults.map(({ fault, from, to }) => ({ fault, from: move(from), to: move(to) })),
  }
}

function lasting(scenario: Scenario, position: number, lengthMs: number): Scenario {
  const fault = scenario.faults[position]
  if (fault === undefined || fault.to - fault.from >= LONG_ENOUGH_MS * 1e6) return scenario
  const longer: PlannedFault = { ...fault, to: nanos(fault.from + lengthMs * 1e6) }
  return { ...scenario, faults: scenario.faults.with(position, longer) }
}
