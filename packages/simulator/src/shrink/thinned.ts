import { nodeNames, type Random } from '@chaosproxy/faults'
import { nanos } from '@chaosproxy/history'
import { type PlannedFault, type Scenario, swapNodes } from '@chaosproxy/runner'
import { moved } from './simplify.ts'

const SHIFT_NANOS = 100e6
const MOST_GAP_NANOS = 800e6

/**
 * Returns a random part of a scenario, usually with another seed and thus other delays, and sometimes with other times
 * or other roles of the nodes. This part may fail even if every single deletion from the scenario removes the failure.
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
    ...(end.holds === undefined ? {} : { holds: some(end.holds) }),
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

/**
 * Returns the part of a scenario after a random time. The node that led at this time may be the leader from the start
 * of the new scenario.
 */
function endOf(scenario: Scenario, random: Random): Scenario {
  const pivot = someMoment(scenario, random)
  return moved(
    {
      ...scenario,
      operations: scenario.operations.filter(({ at }) => at >= pivot),
      faults: scenario.faults.filter(({ from }) => from >= pivot),
      ...(scenario.holds === undefined ? {} : { holds: scenario.holds.filter(({ from }) => from >= pivot) }),
    },
    (time) => nanos(time - pivot),
  )
}

/** Swaps two random nodes, because a removed part may have decided which node leads. */
function withOtherRoles(scenario: Scenario, random: Random): Scenario {
  const names = nodeNames(scenario.nodes)
  return swapNodes(scenario, random.pick(names), random.pick(names))
}

/** Chooses a random time and a random duration. Moves everything after this time by this duration. */
function withOtherGap(scenario: Scenario, random: Random): Scenario {
  const pivot = someMoment(scenario, random)
  const by = (random.next() - 0.7) * MOST_GAP_NANOS
  const { faults, ...rest } = moved(scenario, (time) =>
    time < pivot ? time : nanos(Math.round(Math.max(0, time + by))),
  )
  return { ...rest, faults: faults.map(({ fault, from, to }) => ({ fault, from, to: nanos(Math.max(from, to)) })) }
}

function someMoment({ operations, faults }: Scenario, random: Random): number {
  const moments = [...operations.map(({ at }) => at), ...faults.map(({ from }) => from)]
  return moments.length === 0 ? 0 : random.pick(moments)
}

function jolted({ from, to, fault }: PlannedFault, random: Random): PlannedFault {
  const start = Math.max(0, from + (random.next() - 0.5) * 2 * SHIFT_NANOS)
  const length = (to - from) * 4 ** (random.next() * 2 - 1)
  return { fault, from: nanos(Math.round(start)), to: nanos(Math.round(start + length)) }
}
