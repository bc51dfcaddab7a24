import { FAIL } from '@chaosproxy/history'
import { type Decoder, type Encoded, later } from '../../encoding/encoded.ts'
import { follows, type Level, type WeakLevel, weakLevels } from '../../levels/levels.ts'
import { type Budget, inTime } from '../../limits/budget.ts'
import { definedForRegisters, OUT_OF_TIME } from '../../verdict/reason.ts'
import { CHECKED, type Counterexample, unknownBecause, type Verdict, type Witness } from '../../verdict/verdict.ts'
import type { readsFrom } from '../sequential/reads-from.ts'
import type { ArbitratedHistory, WeakAnswer } from './answer.ts'
import { borrowed, coreSize } from './borrowed.ts'
import { createWeaker, type Weaker } from './decide.ts'
import { explainWeaker } from './explain.ts'
import type { Contradiction } from './orders/judged.ts'

export type Verdicts = { [level in Level]?: Verdict }

/** The time limit for reducing a counterexample, because other levels are still to be decided. */
const EXPLAIN_MS = 1_000

/**
 * Judges the requested levels below sequential consistency, for a history that is not known to be sequentially
 * consistent. For reads and writes only: these levels are not defined for a cas or an append.
 */
export function judgeWeaker(
  encoded: Encoded,
  decoder: Decoder,
  requested: readonly Level[],
  sources: ReturnType<typeof readsFrom>,
  budget: Budget,
): Verdicts {
  const levels = weakLevels.filter((level) => requested.includes(level))
  if (levels.length === 0) return {}
  const other = unlikeRegister(encoded, decoder)
  if (other !== undefined) return undefinedFor(other, levels)
  const explanations = createExplanations(encoded, decoder, budget)
  const weaker = inTime(() => createWeaker(encoded, sources, budget))
  if (weaker === undefined) {
    return Object.fromEntries(levels.map((level) => [level, unknownBecause(OUT_OF_TIME)]))
  }
  try {
    return judgeEach(levels, {
      judge: (level) => verdictOf(level, weaker, encoded, explanations.explain),
      explainAgain: explanations.explainAgain,
      isSearched: sources.result === 'repeated values',
    })
  } finally {
    weaker.release()
  }
}

export interface Judge {
  readonly judge: (level: WeakLevel) => Verdict
  readonly explainAgain: (level: WeakLevel, weaker: Counterexample) => Counterexample
  /**
   * Whether deciding a level needs a search. Causal convergence is then judged first, because a history that meets it
   * also meets the levels that it implies.
   */
  readonly isSearched: boolean
}

/** Judges the given levels, cheapest first, except levels known to be met. */
export function judgeEach(levels: readonly WeakLevel[], { judge, explainAgain, isSearched }: Judge): Verdicts {
  const verdicts: Verdicts = {}
  if (isSearched && levels.some((level) => follows('causal-convergence', level))) {
    const verdict = judge('causal-convergence')
    if (verdict.result === 'met') verdicts['causal-convergence'] = verdict
  }
  for (const level of levels) {
    if (weakLevels.some((other) => follows(other, level) && verdicts[other]?.result === 'met')) continue
    const weaker = shortest(weakLevels.map((other) => (follows(level, other) ? verdicts[other] : undefined)))
    verdicts[level] =
      weaker === undefined ? judge(level) : { result: 'violated', counterexample: explainAgain(level, weaker) }
  }
  return verdicts
}

function shortest(verdicts: readonly (Verdict | undefined)[]): Counterexample | undefined {
  let least: Counterexample | undefined
  for (const verdict of verdicts) {
    if (verdict?.result !== 'violated') continue
    if (least === undefined || coreSize(verdict.counterexample) < coreSize(least)) least = verdict.counterexample
  }
  return least
}

/**
 * Returns the verdict `unknown` for each level. The levels are not defined for the kind of operation that `other`
 * names.
 */
export function undefinedFor(other: string, levels: readonly Level[]): Verdicts {
  const reason = definedForRegisters(other)
  return Object.fromEntries(levels.map((level) => [level, unknownBecause(reason)]))
}

type Explain = (level: WeakLevel, answer: Extract<WeakAnswer, { readonly result: 'violated' }>) => Counterexample

/** Creates explanations of violated levels. Levels with the same contradiction share one explanation. */
function createExplanations(
  encoded: Encoded,
  decoder: Decoder,
  budget: Budget,
): { readonly explain: Explain; readonly explainAgain: Judge['explainAgain'] } {
  const known = new Map<Contradiction, Counterexample>()
  const share = (): Budget => budget.within(Math.min(EXPLAIN_MS, budget.left() / 4))
  let remaining: Budget | undefined
  const explainAgain: Judge['explainAgain'] = (level, counterexample) => {
    remaining ??= share()
    return borrowed(level, counterexample, encoded, decoder, remaining)
  }
  const explain: Explain = (level, answer) => {
    const contradiction = answer.found?.contradiction
    const same = contradiction === undefined ? undefined : known.get(contradiction)
    if (same !== undefined) return { ...explainAgain(level, same), level }
    const made = explainWeaker(level, encoded, answer, decoder, share())
    if (contradiction !== undefined) known.set(contradiction, made)
    return made
  }
  return { explain, explainAgain }
}

function verdictOf(level: WeakLevel, weaker: Weaker, encoded: Encoded, explain: Explain): Verdict {
  const answer = weaker.decide(level)
  if (answer.result === 'unknown') return answer
  if (answer.result === 'violated') return { result: 'violated', counterexample: explain(level, answer) }
  return { result: 'met', witness: witnessOfWeak(answer, encoded) }
}

export const witnessOfWeak = (
  { arbitration }: Extract<WeakAnswer, { readonly result: 'met' }>,
  encoded: Encoded,
): Witness => (arbitration === undefined ? CHECKED.witness : witnessOf(arbitration, encoded))

/**
 * The maximum number of operations for which both lists are built immediately. For so few operations, creating getters
 * would cost more than building the lists.
 */
const FEW = 1_000

/**
 * Returns the arbitration order as a witness. Long lists are built on demand, because building them may take longer
 * than the check.
 */
function witnessOf(arbitration: () => ArbitratedHistory, { row, length }: Encoded): Witness {
  const arbitrated = later(arbitration)
  const order = (): number[] => Array.from(arbitrated().order, (index) => row[index])
  const sources = (): { readonly read: number; readonly write: number | undefined }[] =>
    Array.from(arbitrated().writerOf, ([read, write]) => ({
      read: row[read],
      write: write < 0 ? undefined : row[write],
    }))
  if (length <= FEW) return { kind: 'arbitration', order: order(), sources: sources() }
  return {
    kind: 'arbitration',
    get order() {
      return order()
    },
    get sources() {
      return sources()
    },
  }
}

/** Returns words for an operation that is neither a read nor a write, if there is one. */
export function unlikeRegister(encoded: Encoded, { history }: Decoder): string | undefined {
  if (encoded.hasAppend) return 'an append'
  if (encoded.hasConditional) return 'a cas'
  // A cas that does not change the value is encoded as a read or dropped.
  const cas = history.functions.indexOf('cas')
  const { f, outcome } = history.operations
  return cas !== -1 && f.some((each, row) => each === cas && outcome[row] !== FAIL) ? 'a cas' : undefined
}
