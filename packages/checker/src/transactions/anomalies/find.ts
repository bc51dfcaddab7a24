import { isMet, type Outcomes } from '../levels/decide.ts'
import { type Form, forms, type IsolationLevel, partsOf } from '../levels/ladder.ts'
import type { CycleStep, Situation } from '../levels/situation.ts'
import { type CycleAnomaly, cycleClasses, levelCycles, nameOf, type Strength } from './classes.ts'
import { CycleSearch, shortest } from './search.ts'

interface FoundCycle {
  readonly anomaly: CycleAnomaly
  readonly excludedBy: IsolationLevel
  readonly steps: readonly CycleStep[]
  /** The number of components with a cycle of this anomaly. */
  readonly count: number
}

const [realTime, sessions, neither] = forms

const strengths: readonly (readonly [Strength, Form])[] = [
  ['', neither],
  ['-process', sessions],
  ['-realtime', realTime],
]

export interface FoundCycles {
  readonly classes: readonly FoundCycle[]
  ofLevel(level: IsolationLevel): FoundCycle | undefined
}

/**
 * Finds a shortest cycle of each class, the worst class first. Omits the classes that the verdicts exclude. If a
 * component has a cycle of a class, it is not searched again for the same class with session order or real time.
 */
export function findCycles({ core, record }: Situation, outcomes: Outcomes): FoundCycles {
  const search = new CycleSearch(core, record)
  const classes: FoundCycle[] = []
  for (const cycle of cycleClasses) {
    const done = new Set<number>()
    for (const [strength, form] of strengths) {
      const excludedBy = form.prefixed(cycle.excludedBy)
      if (isMet(excludedBy, outcomes)) continue
      const cycles = search.find(cycle, strength, (component) => !done.has(component))
      if (cycles.size === 0) continue
      for (const component of cycles.keys()) done.add(component)
      classes.push({
        ...{ anomaly: `${cycle.name}${strength}`, excludedBy, steps: shortest(cycles.values()), count: cycles.size },
      })
    }
  }
  return {
    classes,
    ofLevel: (level) => {
      const { isolation, form } = partsOf(level)
      const cycle = levelCycles[isolation]
      if (cycle === undefined) return undefined
      const strength = strengths.find(([, its]) => its === form)?.[0] ?? ''
      const cycles = search.find(cycle, strength)
      if (cycles.size === 0) return undefined
      const steps = shortest(cycles.values())
      return { anomaly: nameOf(steps), excludedBy: level, steps, count: cycles.size }
    },
  }
}
