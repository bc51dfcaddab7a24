import { type Encoded, restrict } from '../../encoding/encoded.ts'
import { range } from '../../encoding/lists.ts'
import { type Budget, isSure } from '../../limits/budget.ts'
import { asCore, type Counterexample, MOST_OPERATIONS, type Uncut } from '../../verdict/verdict.ts'
import { closure, LONG } from './locate.ts'

/**
 * The maximum number of operations to which a history is reduced: those of a contradiction, and all writes on which
 * their results may depend. If there are more, the history is not reduced.
 */
const MOST_LOCATED = 4_096

/** Operations that contradict a level, and the answer that shows the contradiction. */
export interface Case<Answer extends { readonly result: string }> {
  readonly encoded: Encoded
  readonly violated: Extract<Answer, { readonly result: 'violated' }>
}

/**
 * Reduces a long history to the operations that its contradiction uses and every write that their results may depend
 * on. Returns the whole history if these are many or not contradictory by themselves.
 */
export function located<Answer extends { readonly result: string }>(
  whole: Case<Answer>,
  involved: () => readonly number[] | undefined,
  find: (some: Encoded) => Answer,
): Case<Answer> {
  const { encoded } = whole
  const used = encoded.length > LONG ? involved() : undefined
  const closed = used && closure(encoded, used, MOST_LOCATED)
  if (closed === undefined) return whole
  const few = restrict(encoded, closed)
  const answer = find(few)
  return isViolated(answer) ? { encoded: few, violated: answer } : whole
}

const isViolated = <Answer extends { readonly result: string }>(
  answer: Answer,
): answer is Extract<Answer, { readonly result: 'violated' }> => answer.result === 'violated'

/** The work allowed to verify that a few operations violate a level (see `looks` of `createAllowance`). */
export const ALLOWED_LOOKS = 200

export interface Found {
  readonly level: Counterexample['level']
  readonly encoded: Encoded
  readonly involved: readonly number[] | undefined
  readonly why: Uncut['why']
  readonly violates: (some: Encoded, budget: Budget) => boolean
  readonly sentence: string
}

/**
 * Returns a counterexample that was not reduced for lack of time: the operations that the contradiction uses, as many
 * as a person can read.
 */
export function showInvolved({ level, encoded, involved, why, violates, sentence }: Found): Counterexample {
  const all = range(0, Math.min(encoded.length, MOST_OPERATIONS))
  const closed = involved && (closure(encoded, involved, MOST_OPERATIONS) ?? involved.slice(0, MOST_OPERATIONS))
  const set = restrict(encoded, encoded.length <= MOST_OPERATIONS || closed === undefined ? all : closed)
  const standsAlone = set.length === encoded.length || isSure((budget) => violates(set, budget), ALLOWED_LOOKS)
  return {
    level,
    sentence,
    operations: asCore(set.row),
    keys: [],
    uncut: { why, among: encoded.length, standsAlone },
  }
}

/** Counterexamples with more operations than this are not examined further. */
const MOST_ROWS = 200

export function rowsIn({ row, length }: Encoded, { operations }: Counterexample): readonly number[] | undefined {
  if (operations.length > MOST_ROWS) return undefined
  const wanted = new Set(operations.map(({ operation }) => operation))
  const indices: number[] = []
  for (let i = 0; i < length; i++) if (wanted.has(row[i])) indices.push(i)
  return indices
}
