import type { OperationRow } from '../encoding/operation-row.ts'
import type { Ladder } from '../verdict/ladder.ts'
import { notRecorded, UNASKED } from '../verdict/reason.ts'
import type { Verdict, Verdicts } from '../verdict/verdict.ts'
import { followsFrom } from './headline.ts'

/** All guarantees of a stream, together. */
export type Faithful = 'faithful'

/** A violation of one guarantee. */
export interface Finding<Guarantee extends string> {
  readonly guarantee: Guarantee
  readonly sentence: string
  /** The operations that contradict each other: without any of them there is no contradiction. */
  readonly core: readonly OperationRow[]
  /** Further operations that help a person see it. */
  readonly context: readonly OperationRow[]
  /** The operation at which it shows. */
  readonly culprit: OperationRow
}

/** Keeps the finding for its guarantee if it is shorter than the present one, or equally short and earlier. */
export function keepShortest<Guarantee extends string>(
  best: Map<Guarantee, Finding<Guarantee>>,
  finding: Finding<Guarantee>,
): void {
  const before = best.get(finding.guarantee)
  const size = (each: Finding<Guarantee>) => each.core.length + each.context.length
  if (
    before === undefined ||
    size(finding) < size(before) ||
    (size(finding) === size(before) && finding.culprit < before.culprit)
  )
    best.set(finding.guarantee, finding)
}

/** A ladder of guarantees that do not imply each other, below `faithful`, which is all of them. */
export function ladderOf<Guarantee extends string>(guarantees: readonly Guarantee[]): Ladder<Guarantee | Faithful> {
  const none = Object.fromEntries(guarantees.map((each) => [each, []])) as unknown as {
    readonly [each in Guarantee]: readonly (Guarantee | Faithful)[]
  }
  const levels = ['faithful', ...guarantees] as const
  return { levels, implied: { ...none, faithful: guarantees }, apart: [], realTime: levels } as Ladder<
    Guarantee | Faithful
  >
}

/** What was found, and of which guarantees the record leaves open whether they were kept. */
export interface Found<Guarantee extends string> {
  readonly best: ReadonlyMap<Guarantee, Finding<Guarantee>>
  readonly unsure: ReadonlyMap<Guarantee, string>
}

export function verdictsOf<Guarantee extends string>(
  guarantees: readonly Guarantee[],
  { best, unsure }: Found<Guarantee>,
): Verdicts<Guarantee | Faithful> {
  const decided = Object.fromEntries(
    guarantees.map((guarantee): [Guarantee, Verdict] => [
      guarantee,
      verdictOf(best.get(guarantee), unsure.get(guarantee)),
    ]),
  ) as { [guarantee in Guarantee]: Verdict }
  const open = guarantees.filter((guarantee) => decided[guarantee].result === 'unknown')
  const [first] = open
  const all: Verdict =
    first === undefined
      ? { result: 'met', witness: { kind: 'checked' } }
      : { result: 'unknown', reason: notRecorded(`${open.join(', ')} unknown: ${unsure.get(first) ?? ''}`) }
  const isViolated = guarantees.some((guarantee) => decided[guarantee].result === 'violated')
  return followsFrom(
    ladderOf(guarantees),
    { ...decided, ...(isViolated ? {} : { faithful: all }) } as Partial<Verdicts<Guarantee | Faithful>>,
    () => UNASKED,
  )
}

function verdictOf<Guarantee extends string>(
  finding: Finding<Guarantee> | undefined,
  why: string | undefined,
): Verdict {
  if (finding === undefined)
    return why === undefined
      ? { result: 'met', witness: { kind: 'checked' } }
      : { result: 'unknown', reason: notRecorded(why) }
  const { guarantee, sentence, core, context, culprit } = finding
  const operations = [
    ...core.map((operation) => ({ operation, role: 'core' as const })),
    ...context.map((operation) => ({ operation, role: 'context' as const })),
  ].sort((a, b) => a.operation - b.operation)
  return { result: 'violated', counterexample: { level: guarantee, sentence, operations, keys: [], culprit } }
}

/** Summarises the verdicts for people; `faults` says of a stream that breaks a guarantee what it does. */
export function headlineOfGuarantees<Guarantee extends string>(
  verdicts: Verdicts<Guarantee | Faithful>,
  faults: { readonly [guarantee in Guarantee]: string },
): string {
  const broken = (Object.keys(faults) as Guarantee[]).filter((each) => verdicts[each].result === 'violated')
  if (broken.length > 0) return `not faithful: ${broken.map((guarantee) => faults[guarantee]).join(', ')}`
  const { faithful } = verdicts
  return faithful.result === 'unknown' ? `no fault found; ${faithful.reason.text}` : 'complete and in order'
}
