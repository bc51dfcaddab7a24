import { operationsOn } from '../core.ts'
import type { History } from '../history.ts'
import { type ProofHead, refuse, Undecided } from '../proof.ts'
import type { GuaranteeModel } from './patterns.ts'
import { stream } from './stream.ts'
import { watch } from './watch.ts'
import { workQueue } from './work-queue.ts'

// Guarantees of streams of messages and of streams of changes. A guarantee is broken by a pattern: a few operations
// that meet a condition on the whole history. One definition of the pattern serves both verdicts: a level is violated
// if the listed operations (the core) show the pattern, and met if no operations show it.

const models: ReadonlyMap<string, GuaranteeModel> = new Map([
  ['stream', stream],
  ['watch', watch],
  ['work-queue', workQueue],
])

export const hasGuarantees = ({ model }: ProofHead): boolean => models.has(model)

/** Returns the guarantees of a level, if the model has this level. */
function partsOf({ model }: ProofHead, level: string): readonly string[] {
  const { levels = {} } = models.get(model) ?? {}
  return Object.hasOwn(levels, level) ? (levels[level] ?? []) : []
}

export const comprises = (head: ProofHead, whole: string, part: string): boolean => {
  const [all, some] = [partsOf(head, whole), partsOf(head, part)]
  return some.length > 0 && some.every((each) => all.includes(each))
}

/**
 * Accepts a proof about guarantees. A proof without a core claims that the level is met. A proof with a core claims
 * that the core breaks the level.
 */
export function acceptGuarantees(
  history: History,
  head: ProofHead,
  level: string,
  lines: readonly number[] | undefined,
): string {
  const parts = partsOf(head, level)
  const judged = parts.length === 0 ? undefined : models.get(head.model)?.judge(history, head)
  if (judged === undefined) throw new Undecided(`the verifier does not cover ${level} for ${head.model}`)
  if (lines !== undefined) {
    operationsOn(history, lines)
    const broken = parts.find((each) => judged.breaks(each, new Set(lines)))
    if (broken === undefined) return refuse('no violation: these operations break no guarantee')
    return lines.length === 1 ? `this operation breaks ${broken}` : `these ${lines.length} operations break ${broken}`
  }
  if (history.operations.length === 0) throw new Undecided('the history has no operations')
  const broken = parts.find((each) => judged.breaks(each, undefined))
  if (broken !== undefined) return refuse(`the history breaks ${broken}`)
  for (const each of parts) {
    const why = judged.open(each)
    if (why !== undefined) throw new Undecided(parts.length === 1 ? why : `${each}: ${why}`)
  }
  return `the ${history.operations.length} operations of the history break no guarantee of this level`
}
