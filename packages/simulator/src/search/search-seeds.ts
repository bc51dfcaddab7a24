import type { Scenario } from '@chaos/runner'
import { digestOf } from '../replay/digest.ts'
import { planTrial } from './plan.ts'
import type { Strategy } from './strategy.ts'
import type { Subject } from './subject.ts'
import { type Failure, runPlan, type TrialLimits } from './trial.ts'

export interface SearchOptions {
  readonly first: number
  readonly count: number
  /** Taken in turn, by seed. */
  readonly strategies: readonly Strategy[]
  readonly limits: TrialLimits
  /** Whether the first failure ends the search. */
  readonly stopAtFirst: boolean
  /** Whether each trial is run twice, to see that it is the same to the byte. */
  readonly verifyDeterminism: boolean
}

/** Something that went wrong, and how to see it again. */
export interface Finding {
  readonly seed: number
  readonly strategy: string
  readonly failure: Failure
  readonly scenario: Scenario
}

export interface SearchResult {
  readonly trials: number
  /** Steps of all machines together. */
  readonly steps: number
  readonly findings: readonly Finding[]
}

/** One trial for each seed of a range: a function of its arguments alone. */
export function searchSeeds(subject: Subject, options: SearchOptions): SearchResult {
  const { first, count, strategies, limits, stopAtFirst, verifyDeterminism } = options
  const findings: Finding[] = []
  let trials = 0
  let steps = 0
  for (let seed = first; seed < first + count; seed++) {
    const strategy = strategies[seed % strategies.length]
    if (strategy === undefined) throw new RangeError('a search needs a strategy')
    const plan = planTrial(subject, strategy, seed)
    const trial = runPlan(subject, plan, limits)
    trials++
    steps += trial.steps
    let { failure } = trial
    if (verifyDeterminism && digestOf(trial.events) !== digestOf(runPlan(subject, plan, limits).events))
      failure = {
        kind: 'broken',
        what: 'the same run, repeated, gave another history: the protocol is not deterministic',
      }
    if (failure === undefined) continue
    findings.push({ seed, strategy: strategy.name, failure, scenario: trial.scenario })
    if (stopAtFirst) break
  }
  return { trials, steps, findings }
}

/** Two failures of the same kind: what a smaller scenario must still show, and what is counted as one cause. */
export function causeOf(failure: Failure): string {
  switch (failure.kind) {
    case 'violation':
      return `not ${failure.level}`
    case 'invariant':
      return failure.name
    case 'broken':
      return failure.what
    default:
      return failure satisfies never
  }
}
