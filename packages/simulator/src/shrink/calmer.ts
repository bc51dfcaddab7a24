import { nanos } from '@chaosproxy/history'
import type { Scenario } from '@chaosproxy/runner'
import { type PlannedDelay, USUAL_DELAY } from '../replay/delays.ts'
import { deleteParts } from './delete-parts.ts'

export interface CalmerOptions {
  readonly fails: (scenario: Scenario) => boolean
  /** Runs the scenario, and returns a list of the delays of its packets. */
  readonly delaysIn: (scenario: Scenario) => readonly PlannedDelay[]
  readonly expired: () => boolean
}

/** The minimum duration of each delay is determined only if at most this many delays remain. */
const FEW = 3
/** 8 halvings reduce 30 ms to about 0.1 ms. */
const HALVINGS = 8

/**
 * Returns the scenario with as few planned delays as it needs to fail. All other packets then take `USUAL_DELAY`. If at
 * most `FEW` delays remain, notes in `least` the shortest duration with which each of them still causes the failure. If
 * the scenario does not fail even with the delays of all its packets planned, returns it unchanged.
 */
export function calmer(scenario: Scenario, { fails, delaysIn, expired }: CalmerOptions): Scenario {
  let calmest: Scenario = { ...scenario, delays: [] }
  if (fails(calmest)) return calmest
  calmest = { ...scenario, delays: delaysIn(scenario) }
  if (!fails(calmest)) return scenario
  deleteParts(
    () => calmest.delays ?? [],
    (delays) => {
      const candidate = { ...scenario, delays }
      if (expired() || !fails(candidate)) return false
      calmest = candidate
      return true
    },
  )
  const { delays = [] } = calmest
  if (delays.length > FEW) return calmest
  return { ...calmest, delays: delays.map((_, place) => withLeast(delays, place)) }

  function withLeast(delays: readonly PlannedDelay[], place: number): PlannedDelay {
    const delay = delays[place] as PlannedDelay
    const failsAt = (takes: number): boolean =>
      fails({ ...scenario, delays: delays.with(place, { ...delay, takes: nanos(Math.round(takes)) }) })
    let [well, ill]: [number, number] = [USUAL_DELAY, delay.takes]
    if (ill <= well || failsAt(well)) return delay
    for (let i = 0; i < HALVINGS; i++) {
      if (expired()) return delay
      const middle = (well + ill) / 2
      if (failsAt(middle)) ill = middle
      else well = middle
    }
    return { ...delay, least: nanos(Math.round(ill)) }
  }
}
