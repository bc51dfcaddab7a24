import { causeOf, noEvidence, type SearchResult, type SeedFailure, sumOfEvidence } from '@chaosproxy/simulator'

/** The combined results of ranges of seeds, in any order. Plain data. */
export interface TallyState {
  readonly sum: SearchResult
  readonly times: readonly (readonly [cause: string, times: number])[]
  readonly lost: readonly string[]
}

export interface Tally {
  add(result: SearchResult): void
  lose(why: string): void
  /** Cheap to call often, because it does not copy the state. */
  trials(): number
  causes(): number
  failedBefore(seed: number): boolean
  /**
   * Returns the interesting seeds before this seed, in ascending order. If there are more than `most`, returns the last
   * `most` of them.
   */
  interestingBefore(seed: number, most: number): readonly number[]
  state(): TallyState
}

/**
 * The maximum number of findings that are kept for each cause of failure. One finding is minimised. The others show how
 * many seeds fail in the same way.
 */
const KEPT_OF_A_CAUSE = 100

export function createTally(before?: TallyState): Tally {
  const findings: SeedFailure[] = [...(before?.sum.findings ?? [])]
  const tried: { [strategy: string]: SearchResult['tried'][string] } = { ...before?.sum.tried }
  const interesting: number[] = [...(before?.sum.interesting ?? [])]
  const lost: string[] = [...(before?.lost ?? [])]
  const times = new Map<string, number>(before?.times)
  let firstFailed = findings.reduce((first, { seed }) => Math.min(first, seed), Number.POSITIVE_INFINITY)
  let { trials, steps, evidence } = before?.sum ?? { trials: 0, steps: 0, evidence: noEvidence }

  /**
   * Adds a finding. For each cause of failure, keeps only the findings with the lowest seeds, because a long search
   * finds millions.
   */
  function keep(finding: SeedFailure): void {
    const cause = causeOf(finding.failure)
    const count = times.get(cause) ?? 0
    times.set(cause, count + 1)
    firstFailed = Math.min(firstFailed, finding.seed)
    findings.push(finding)
    if (count < KEPT_OF_A_CAUSE) return
    const alike = findings.filter(({ failure }) => causeOf(failure) === cause)
    const last = alike.reduce((one, other) => (other.seed > one.seed ? other : one))
    findings.splice(findings.indexOf(last), 1)
  }

  return {
    add(result) {
      trials += result.trials
      steps += result.steps
      evidence = sumOfEvidence(evidence, result.evidence)
      for (const finding of result.findings) keep(finding)
      interesting.push(...result.interesting)
      for (const [strategy, { trials, found }] of Object.entries(result.tried)) {
        const sum = tried[strategy] ?? { trials: 0, found: 0 }
        tried[strategy] = { trials: sum.trials + trials, found: sum.found + found }
      }
    },
    lose: (why) => void lost.push(why),
    trials: () => trials,
    causes: () => times.size,
    failedBefore: (seed) => firstFailed < seed,
    interestingBefore: (seed, most) =>
      interesting
        .filter((each) => each < seed)
        .sort((one, other) => one - other)
        .slice(-most),
    state: () => ({
      sum: {
        ...{ trials, steps, evidence, tried: { ...tried } },
        findings: findings.toSorted((one, other) => one.seed - other.seed),
        interesting: interesting.toSorted((one, other) => one - other),
      },
      lost: [...lost],
      times: [...times],
    }),
  }
}
