import type { OperationRow } from '../encoding/operation-row.ts'
import type { Ladder } from '../verdict/ladder.ts'
import { NOT_REQUESTED, notRecorded } from '../verdict/reason.ts'
import { asCore, CHECKED, unknownBecause, type Verdict, type Verdicts } from '../verdict/verdict.ts'
import { followsFrom } from './headline.ts'

/** The level that combines all guarantees of a stream. */
export type Faithful = 'faithful'

export interface Finding<Guarantee extends string> {
  readonly guarantee: Guarantee
  readonly sentence: string
  /** A minimal set of operations that contradict each other. */
  readonly core: readonly OperationRow[]
  /** Further operations that make the violation clear to a person. */
  readonly context: readonly OperationRow[]
  readonly culprit: OperationRow
}

export interface FindingsSink<Guarantee extends string> {
  found(finding: Finding<Guarantee>): void
  unsure(guarantee: Guarantee, why: string): void
}

export interface Findings<Guarantee extends string> {
  /** By guarantee: its shortest violation; of equally short ones, the earliest. */
  readonly best: Map<Guarantee, Finding<Guarantee>>
  /** By guarantee: the first reason why the record leaves it undecided. */
  readonly unsure: Map<Guarantee, string>
  readonly sink: FindingsSink<Guarantee>
}

export function createFindings<Guarantee extends string>(): Findings<Guarantee> {
  const best = new Map<Guarantee, Finding<Guarantee>>()
  const unsure = new Map<Guarantee, string>()
  const size = ({ core, context }: Finding<Guarantee>): number => core.length + context.length
  const isBetter = (finding: Finding<Guarantee>, before: Finding<Guarantee>): boolean =>
    size(finding) < size(before) || (size(finding) === size(before) && finding.culprit < before.culprit)
  return {
    ...{ best, unsure },
    sink: {
      found(finding) {
        const before = best.get(finding.guarantee)
        if (before === undefined || isBetter(finding, before)) best.set(finding.guarantee, finding)
      },
      unsure(guarantee, why) {
        if (!unsure.has(guarantee)) unsure.set(guarantee, why)
      },
    },
  }
}

/**
 * Returns a ladder with the level `faithful` at the top, which requires all guarantees. The guarantees do not imply
 * each other.
 */
export const ladderOf = <Guarantee extends string>(
  guarantees: readonly Guarantee[],
  lasting: readonly Guarantee[],
): Ladder<Guarantee | Faithful> => combinedLadder(guarantees, { faithful: guarantees }, lasting)

export type Combined<Level extends string, Guarantee extends string> = {
  readonly [level in Level]: readonly Guarantee[]
}

/**
 * Returns a `Ladder`. Its strongest levels are the keys of `combined`, each of which requires the guarantees listed for
 * it. The other levels are the guarantees, none of which implies another.
 */
export function combinedLadder<Level extends string, Guarantee extends string>(
  guarantees: readonly Guarantee[],
  combined: Combined<Level, Guarantee>,
  lasting: readonly Guarantee[] = [],
): Ladder<Guarantee | Level> {
  const none = Object.fromEntries(guarantees.map((each) => [each, []]))
  const levels = [...(Object.keys(combined) as Level[]), ...guarantees]
  return { levels, implied: { ...none, ...combined }, apart: [], realTime: levels, lasting } as unknown as Ladder<
    Guarantee | Level
  >
}

export const verdictsOf = <Guarantee extends string>(
  guarantees: readonly Guarantee[],
  findings: Findings<Guarantee>,
): Verdicts<Guarantee | Faithful> => combinedVerdicts(guarantees, { faithful: guarantees }, findings)

export function combinedVerdicts<Level extends string, Guarantee extends string>(
  guarantees: readonly Guarantee[],
  combined: Combined<Level, Guarantee>,
  { best, unsure }: Findings<Guarantee>,
): Verdicts<Guarantee | Level> {
  const decided = new Map<string, Verdict>(
    guarantees.map((guarantee) => [guarantee, verdictOf(best.get(guarantee), unsure.get(guarantee))]),
  )
  for (const [level, parts] of Object.entries<readonly Guarantee[]>(combined)) {
    // A violation follows.
    if (parts.some((each) => best.has(each))) continue
    const open = parts.filter((each) => unsure.has(each))
    const [first] = open
    decided.set(
      level,
      first === undefined
        ? CHECKED
        : unknownBecause(notRecorded(`${open.join(', ')} unknown: ${unsure.get(first) ?? ''}`)),
    )
  }
  return followsFrom(
    combinedLadder(guarantees, combined),
    Object.fromEntries(decided) as Partial<Verdicts<Guarantee | Level>>,
    () => NOT_REQUESTED,
  )
}

function verdictOf<Guarantee extends string>(
  finding: Finding<Guarantee> | undefined,
  why: string | undefined,
): Verdict {
  if (finding === undefined) return why === undefined ? CHECKED : unknownBecause(notRecorded(why))
  const { guarantee, sentence, core, context, culprit } = finding
  const operations = [...asCore(core), ...context.map((operation) => ({ operation, role: 'context' as const }))].sort(
    (a, b) => a.operation - b.operation,
  )
  return { result: 'violated', counterexample: { level: guarantee, sentence, operations, keys: [], culprit } }
}

/** Summarises the verdicts for people. `faults` holds the words for a violation of each guarantee. */
export function headlineOfGuarantees<Guarantee extends string>(
  verdicts: Verdicts<Guarantee | Faithful>,
  faults: { readonly [guarantee in Guarantee]: string },
): string {
  const broken = (Object.keys(faults) as Guarantee[]).filter((each) => verdicts[each].result === 'violated')
  if (broken.length > 0) return `not faithful: ${broken.map((guarantee) => faults[guarantee]).join(', ')}`
  const { faithful } = verdicts
  return faithful.result === 'unknown' ? `no fault found; ${faithful.reason.text}` : 'complete and in order'
}
