import { type Nanos, nanos } from '@chaosproxy/history'
import type { PlannedFault, Scenario } from '@chaosproxy/runner'
import type { PlannedHold } from '../replay/holds.ts'

const GAPS_MS = [100, 50, 20, 5]
const STRETCHES = [8, 4, 2]
const SHORTEST_MS = 50

export interface SturdierOptions {
  readonly fails: (scenario: Scenario) => boolean
  /** Returns the scenario under other seeds, which change the delays and the randomness of the nodes. */
  readonly others: (scenario: Scenario) => readonly Scenario[]
  readonly expired: () => boolean
}

/**
 * Returns a less finely tuned scenario: events are further apart, and faults are longer. Keeps a change only if it
 * increases the number of failures among `others`, which have other delays. Such a scenario is more likely to fail with
 * real processes, whose messages are not timed to the microsecond.
 */
export function sturdier(scenario: Scenario, { fails, others, expired }: SturdierOptions): Scenario {
  const steadiness = (candidate: Scenario): number => others(candidate).filter(fails).length
  let sturdiest = scenario
  let most = steadiness(scenario)
  const consider = (candidate: Scenario): void => {
    if (expired() || !fails(candidate)) return
    const count = steadiness(candidate)
    if (count <= most) return
    most = count
    sturdiest = candidate
  }
  for (const gapMs of GAPS_MS) consider(apart(scenario, gapMs * 1e6))
  for (const position of scenario.faults.keys())
    for (const stretch of STRETCHES) consider(lasting(sturdiest, position, stretch))
  return sturdiest
}

/** Moves events with different times apart, so that at least `gap` nanoseconds separate them. */
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
    ...(scenario.holds === undefined ? {} : { holds: scenario.holds.map((hold) => afterIts(hold, times, move)) }),
  }
}

/**
 * Moves a hold by the same distance as the latest of `times` that is not after the hold's start. If all `times` are
 * after its start, the hold stays.
 */
function afterIts(hold: PlannedHold, times: readonly Nanos[], move: (time: Nanos) => Nanos): PlannedHold {
  const before = times.filter((time) => time <= hold.from)
  const last = before.reduce((latest, time) => (time > latest ? time : latest), nanos(0))
  return { ...hold, from: nanos(hold.from + (before.length === 0 ? 0 : move(last) - last)) }
}

function lasting(scenario: Scenario, position: number, stretch: number): Scenario {
  const fault = scenario.faults[position]
  if (fault === undefined) return scenario
  const length = Math.max(SHORTEST_MS * 1e6, fault.to - fault.from)
  const longer: PlannedFault = { ...fault, to: nanos(fault.from + length * stretch) }
  return { ...scenario, faults: scenario.faults.with(position, longer) }
}
