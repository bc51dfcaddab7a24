import type { NodeId, Random } from '@chaosproxy/faults'
import { nanos } from '@chaosproxy/history'
import type { AnyMachine } from '@chaosproxy/protocols'
import { type PlannedFault, type Scenario, scheduleOf } from '@chaosproxy/runner'
import type { AnyEvent, Observer } from '../node.ts'
import type { Plan } from './plan.ts'
import type { Trial } from './trial.ts'

/** The coverage of a search, and the scenarios that extended it. */
export interface Coverage {
  observe(node: NodeId): Observer
  learn(trial: Pick<Trial, 'scenario' | 'met'>): boolean
  /** Returns a variation of a kept scenario. If no scenario is kept, returns the given plan. */
  vary(plan: Plan, random: Random): Plan
  copy(machine: AnyMachine | undefined): Coverage
}

/** Older scenarios are dropped: states that were new early on are common later. */
const MOST_KEPT = 64

interface Reached {
  readonly edges: Edges
  readonly met: Set<string>
  readonly kept: Scenario[]
}

const nothingReached = (): Reached => ({ edges: createEdges(), met: new Set(), kept: [] })

/**
 * Measures coverage. The coverage of a protocol is the set of role changes of its nodes, each with the kind of event
 * that caused it. Similarly, Zalewski's American Fuzzy Lop keeps inputs that take new edges of a program. A program has
 * no state machine, so its coverage is the set of `sometimes` and `reachable` assertions that it reaches, as in
 * Antithesis's SDK.
 */
export function createCoverage(
  machine: AnyMachine | undefined,
  { edges, met, kept }: Reached = nothingReached(),
): Coverage {
  let news = 0
  return {
    observe() {
      if (machine === undefined) return () => {}
      let before: string | undefined
      return (state, event) => {
        const { role } = machine.status(state)
        if (edges.add(before, role, kindOf(event))) news++
        before = role
      }
    },
    learn(trial) {
      for (const name of trial.met) {
        if (!met.has(name)) news++
        met.add(name)
      }
      const isNew = news > 0
      if (isNew) kept.push(trial.scenario())
      if (kept.length > MOST_KEPT) kept.shift()
      news = 0
      return isNew
    },
    copy: (other) => createCoverage(other, { edges: edges.copy(), met: new Set(met), kept: [...kept] }),
    vary(plan, random) {
      if (kept.length === 0) return plan
      const base = random.pick(kept)
      const fits = plan.scenario.nodes === base.nodes
      const faults = base.faults.filter(() => random.chance(0.8)).map((fault) => moved(fault, random))
      const added = fits ? plan.schedule.filter(() => random.chance(0.3)) : []
      const holds = [...(base.holds ?? []).filter(() => random.chance(0.8)), ...(plan.scenario.holds ?? [])]
      return {
        scenario: {
          ...base,
          seed: random.chance(0.5) ? base.seed : plan.scenario.seed,
          operations: fits && random.chance(0.3) ? plan.scenario.operations : base.operations,
          faults: [],
          holds,
        },
        schedule: [
          ...scheduleOf({ ...base, faults }),
          ...added.map((fault) => ({ ...fault, id: `added-${fault.id}` })),
        ],
        reactions: plan.reactions.filter(() => random.chance(0.5)),
      }
    },
  }
}

interface Edges {
  add(before: string | undefined, after: string, kind: string): boolean
  copy(): Edges
}

/**
 * Creates a set of edges. It consists of nested maps, because creating a text key for every step would cost more than
 * the step.
 */
function createEdges(seen = new Map<string | undefined, Map<string, Set<string>>>()): Edges {
  return {
    add(before, after, kind) {
      const known = seen.get(before)?.get(after)
      if (known?.has(kind) === true) return false
      if (known !== undefined) known.add(kind)
      else {
        const ofRole = seen.get(before) ?? new Map<string, Set<string>>()
        seen.set(before, ofRole.set(after, new Set([kind])))
      }
      return true
    },
    copy: () =>
      createEdges(
        new Map(
          [...seen].map(([before, ofRole]) => [
            before,
            new Map([...ofRole].map(([after, kinds]) => [after, new Set(kinds)])),
          ]),
        ),
      ),
  }
}

function kindOf(event: AnyEvent | undefined): string {
  switch (event?.type) {
    case undefined:
      return 'start'
    case 'timer':
      return event.timer
    case 'request':
      return event.input.f
    case 'message':
      return typeof event.message === 'object' && event.message !== null && 'type' in event.message
        ? String(event.message.type)
        : 'message'
    default:
      return event satisfies never
  }
}

function moved(fault: PlannedFault, random: Random): PlannedFault {
  if (random.chance(0.5)) return fault
  const from = Math.max(0, fault.from + (random.next() - 0.5) * 200e6)
  const length = (fault.to - fault.from) * (0.5 + random.next())
  return { ...fault, from: nanos(Math.round(from)), to: nanos(Math.round(from + length)) }
}
