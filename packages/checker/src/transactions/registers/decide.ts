import { type Budget, OUT_OF_TIME } from '../../limits/budget.ts'
import { decideReads, type Outcomes } from '../levels/decide.ts'
import { forms, type Isolation, type IsolationLevel, impliesLevel, isolations } from '../levels/ladder.ts'
import { MET, type Outcome } from '../levels/situation.ts'
import { findExample, type Registers } from './example.ts'
import { type Decision, RegisterJudge } from './judge.ts'
import type { Ordering } from './problem.ts'

export interface DecidedRegisters {
  /** All but the levels that follow from these. */
  readonly outcomes: Outcomes
  /** An order of the transactions that keeps real time and explains every read, if one was found. */
  readonly order: Int32Array | undefined
}

/** The levels that take a search last, but for the one that decides all of them if it is met. */
const order: readonly (readonly [isolation: Isolation, forms: readonly number[]])[] = [
  ['read-committed', [0, 1, 2]],
  ['serializable', [0]],
  ...(['causal', 'read-atomic', 'monotonic-atomic-view'] as const).map((each) => [each, [0, 1, 2]] as const),
  ...isolations.map((each) => [each, [0, 1, 2]] as const),
]

const orderings: readonly Ordering[] = ['real time', 'sessions', 'none']

/** Decides the levels that are asked for, and others where they settle those sooner. */
export function decideRegisters(
  registers: Registers,
  asked: readonly IsolationLevel[],
  budget: Budget,
): DecidedRegisters {
  const { record, sources, granted } = registers
  const outcomes = new Map<IsolationLevel, Outcome>(decideReads(sources.findings))
  const judge = new RegisterJudge(record, sources, granted)
  let witness: Int32Array | undefined
  for (const [isolation, some] of order)
    for (const at of some) {
      const form = forms[at]
      const ordering = orderings[at]
      if (form === undefined || ordering === undefined) continue
      const level = form.prefixed(isolation)
      const isUseful = asked.some(
        (each) =>
          !isKnown(each, outcomes) && (impliesLevel(each, level) || (isSearched(each) && impliesLevel(level, each))),
      )
      if (!isUseful || isKnown(level, outcomes)) continue
      const part = budget.within(budget.left() / SHARES)
      const decision = judge.decide(isolation, ordering, part)
      if (decision.result === 'met' && level === 'strict-serializable') witness = decision.order
      for (const [each, outcome] of outcomesOf(level, decision)) outcomes.set(each, outcome)
    }
  return { outcomes, order: witness }

  function outcomesOf(level: IsolationLevel, decision: Decision): readonly (readonly [IsolationLevel, Outcome])[] {
    switch (decision.result) {
      case 'met':
        return [[level, MET]]
      case 'unknown':
        return [[level, { result: 'unknown', reason: OUT_OF_TIME }]]
      case 'violated':
        return [[withoutPredicates(level), violation(level, decision.suspects)]]
      default:
        return decision satisfies never
    }
  }

  function violation(level: IsolationLevel, suspects: readonly number[]): Outcome {
    const [isolation, at] = partsOf(level)
    const example = findExample(registers, isolation, orderings[at] ?? 'none', suspects, budget.within(EXAMPLE_MS))
    const { cycle, isGuess, transactions } = example
    return { result: 'violated', cycle, isGuess, among: transactions }
  }
}

/** The other levels are decided in linear time, mostly. */
const isSearched = (level: IsolationLevel): boolean =>
  ['prefix', 'cursor-stability'].some((each) => impliesLevel(level, each as Isolation))

/** A search may use this part of the time left, so that the weaker levels get theirs. */
const SHARES = 3
const EXAMPLE_MS = 2_000

/** Without predicates, repeatable read is the same as serializable: what violates one violates the other. */
function withoutPredicates(level: IsolationLevel): IsolationLevel {
  const [isolation, at] = partsOf(level)
  return isolation === 'serializable' ? (forms[at]?.prefixed('repeatable-read') ?? level) : level
}

function partsOf(level: IsolationLevel): readonly [isolation: Isolation, form: number] {
  for (const isolation of isolations) {
    const at = forms.findIndex((form) => form.prefixed(isolation) === level)
    if (at >= 0) return [isolation, at]
  }
  throw new Error(`${level} is no level of isolation`)
}

const isKnown = (level: IsolationLevel, outcomes: Outcomes): boolean => {
  for (const [other, { result }] of outcomes) {
    if (other === level) return true
    if (result === 'met' && impliesLevel(other, level)) return true
    if (result === 'violated' && impliesLevel(level, other)) return true
  }
  return false
}
