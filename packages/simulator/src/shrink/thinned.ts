import { nodeNames, type Random } from '@chaos/faults'
import { nanos } from '@chaos/history'
import { type PlannedFault, type Scenario, swapNodes } from '@chaos/runner'
import { moved } from './simplify.ts'

const SHIFT_NANOS = 100e6
const MOST_GAP_NANOS = 800e6

/**
 * A part of a scenario, at random: some of its operations, some of its faults, a few of these at another time or of
 * another length, under other delays. What can only be left out together, or under luck that is rare, is missing at once.
 */
export function thinned(scenario: Scenario, random: Random): Scenario {
  const some = <T>(items: readonly T[]): T[] => {
    const share = random.next()
    return random.chance(0.25) ? [...items] : items.filter(() => random.chance(share))
  }
  const end = random.chance(0.3) ? endOf(scenario, random) : scenario
  const part: Scenario = {
    ...end,
    seed: random.chance(0.25) ? scenario.seed : random.integer(2 ** 30),
    operations: some(end.operations),
    faults: some(end.faults),
  }
  const swapped = random.chance(0.4) ? withOtherRoles(part, random) : part
  const timed = random.chance(0.3) ? withOtherGap(swapped, random) : swapped
  const faults = timed.faults.map((fault) => (random.chance(0.3) ? jolted(fault, random) : fault))
  return {
    ...timed,
    operations: timed.operations.toSorted((one, other) => one.at - other.at),
    faults: faults.sort((one, other) => one.from - other.from),
  }
}

/** What begins at some moment or after it: whoever led by then may as well lead from the beginning. */
function endOf(scenario: Scenario, random: Random): Scenario {
  const pivot = someMoment(scenario, random)
  return moved(
    {
      ...scenario,
      operations: scenario.operations.filter(({ at }) => at >= pivot),
      faults: scenario.faults.filter(({ from }) => from >= pivot),
    },
    (time) => nanos(time - pivot),
  )
}

/** Two nodes in each other's place: who comes to lead hangs on what is no longer there. */
function withOtherRoles(scenario: Scenario, random: Random): Scenario {
  const names = nodeNames(scenario.nodes)
  return swapNodes(scenario, random.pick(names), random.pick(names))
}

/** Everything from some moment on comes earlier or later by as much. */
function withOtherGap(scenario: Scenario, random: Random): Scenario {
  const pivot = someMoment(scenario, random)
  const by = (random.next() - 0.7) * MOST_GAP_NANOS
  const { faults, ...rest } = moved(scenario, (time) =>
    time < pivot ? time : nanos(Math.round(Math.max(0, time + by))),
  )
  return { ...rest, faults: faults.map(({ fault, from, to }) => ({ fault, from, to: nanos(Math.max(from, to)) })) }
}

/** Something begins then; the start where nothing does. */
function someMoment({ operations, faults }: Scenario, random: Random): number {
  const moments = [...operations.map(({ at }) => at), ...faults.map(({ from }) => from)]
  return moments.length === 0 ? 0 : random.pick(moments)
}

/** Earlier or later, shorter or longer. */
function jolted({ from, to, fault }: PlannedFault, random: Random): PlannedFault {
  const start = Math.max(0, from + (random.next() - 0.5) * 2 * SHIFT_NANOS)
  const length = (to - from) * 4 ** (random.next() * 2 - 1)
  return { fault, from: nanos(Math.round(start)), to: nanos(Math.round(start + length)) }
}
