import type { Outcomes } from '../levels/decide.ts'
import { forms, type Isolation, type IsolationLevel, impliesLevel, isolations } from '../levels/ladder.ts'
import type { CycleStep, Situation } from '../levels/situation.ts'
import { type CycleAnomaly, cycleClasses, levelCycles, nameOf, type Strength } from './classes.ts'
import { CycleSearch } from './search.ts'

/** A cycle as it is told. */
export interface FoundCycle {
  readonly anomaly: CycleAnomaly
  /** The weakest level that excludes it. */
  readonly excludedBy: IsolationLevel
  readonly steps: readonly CycleStep[]
  /** How many components hold one of this name. */
  readonly count: number
}

/** Edges that the search for one class may look at: a fraction of a second. */
const EDGES_PER_SEARCH = 4_000_000

const [realTime, sessions, neither] = forms

const strengths: readonly (readonly [Strength, (typeof forms)[number]])[] = [
  ['', neither],
  ['-process', sessions],
  ['-realtime', realTime],
]

export interface FoundCycles {
  /** By class, the worst first. */
  readonly classes: readonly FoundCycle[]
  /** A cycle for a violated level that those do not show. */
  ofLevel(isolation: Isolation, strength: Strength): FoundCycle | undefined
}

/**
 * The shortest cycle of each class that the verdicts do not exclude, the worst class first. In a component that has a
 * cycle of a class without sessions or real time, none with them is looked for.
 */
export function findCycles({ core, record }: Situation, outcomes: Outcomes): FoundCycles {
  const search = new CycleSearch(core, record)
  const classes: FoundCycle[] = []
  for (const cycle of cycleClasses) {
    const done = new Set<number>()
    for (const [strength, form] of strengths) {
      const excludedBy = form.prefixed(cycle.excludedBy)
      if (isMet(excludedBy, outcomes)) continue
      const cycles = search.find(cycle, strength, (component) => !done.has(component), { left: EDGES_PER_SEARCH })
      if (cycles.size === 0) continue
      for (const component of cycles.keys()) done.add(component)
      classes.push({
        ...{ anomaly: `${cycle.name}${strength}`, excludedBy, steps: shortest(cycles.values()), count: cycles.size },
      })
    }
  }
  return {
    classes,
    ofLevel: (isolation, strength) => {
      const cycle = levelCycles[isolation]
      if (cycle === undefined) return undefined
      const cycles = search.find(cycle, strength, () => true, { left: EDGES_PER_SEARCH })
      if (cycles.size === 0) return undefined
      const steps = shortest(cycles.values())
      const form = strengths.find(([name]) => name === strength)?.[1] ?? neither
      return { anomaly: nameOf(steps), excludedBy: form.prefixed(isolation), steps, count: cycles.size }
    },
  }
}

const shortest = (cycles: Iterable<readonly CycleStep[]>): readonly CycleStep[] =>
  [...cycles].reduce((one, other) => (other.length < one.length ? other : one))

const isMet = (level: IsolationLevel, outcomes: Outcomes): boolean => {
  for (const [other, { result }] of outcomes) if (result === 'met' && impliesLevel(other, level)) return true
  return false
}

/** What a level is besides its isolation. */
export function partsOf(level: IsolationLevel): { readonly isolation: Isolation; readonly strength: Strength } {
  for (const isolation of isolations)
    for (const [strength, form] of strengths) if (form.prefixed(isolation) === level) return { isolation, strength }
  throw new Error(`${level} is no level of isolation`)
}
