import { type Nanos, nanos } from '@chaosproxy/history'
import type { PlannedOperation, Scenario } from '@chaosproxy/runner'
import { requestOf } from '../references/requests.ts'
import type { PlayedScenario } from './play.ts'

/**
 * Adapts a service's scenario to real processes, which lack the simulator's delays. Each operation begins at the time
 * when its request reached the simulated program.
 */
export function asArrived(scenario: Scenario, played: PlayedScenario | undefined): Scenario {
  if (played?.ran === undefined) return scenario
  const { history, ran } = played
  const first = new Map<string, Nanos>()
  for (const { request, at } of ran.steps) if (!first.has(request)) first.set(request, at)
  // Rows are sorted by invocation, so the first rows are the operations of the scenario.
  const planned = Math.min(scenario.operations.length, history.operations.length)
  const arrivals = Array.from({ length: planned }, (_, row) => first.get(requestOf(history, row).name))
  return { ...scenario, operations: beginningAt(scenario.operations, arrivals) }
}

/** Returns the operations sorted by new times. Operations of the same client keep their order. */
export function beginningAt(
  operations: readonly PlannedOperation[],
  times: readonly (Nanos | undefined)[],
): PlannedOperation[] {
  const latest = new Map<number, number>()
  const begun = operations.map((operation, place) => {
    const { client, at } = operation
    const time = nanos(Math.max(times[place] ?? at, latest.get(client) ?? 0))
    latest.set(client, time)
    return { ...operation, at: time }
  })
  return begun.sort((one, other) => one.at - other.at)
}
