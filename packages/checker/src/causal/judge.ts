import { FAIL } from '@chaos/history'
import { type Budget, inTime, OUT_OF_TIME } from '../budget.ts'
import { explainWeaker } from '../counterexample/causal.ts'
import type { Decoder, Encoded } from '../encoded.ts'
import { implied, type Level } from '../level.ts'
import type { readsFrom } from '../sequential/reads-from.ts'
import type { Counterexample, Verdict, Witness } from '../verdict.ts'
import { type ArbitratedHistory, createWeaker, type WeakAnswer, type Weaker } from './decide.ts'
import type { Contradiction, WeakLevel } from './judged.ts'

/** Weakest first, nearly: what a weaker level violates, all that imply it violate too, with the same counterexample. */
export const weakLevels: readonly WeakLevel[] = [
  'monotonic-writes',
  'writes-follow-reads',
  'monotonic-reads',
  'read-your-writes',
  'causal',
  'session',
  'causal-convergence',
  'causal-memory',
  // Dear by itself, and mostly known by now: causal memory implies it.
  'pram',
]

export const isWeak = (level: string): level is WeakLevel => (weakLevels as readonly string[]).includes(level)

export type Verdicts = { [level in Level]?: Verdict }

/** What making a counterexample smaller may take: the verdict stands already, and other levels are to be decided. */
const EXPLAIN_MS = 1_000

/**
 * Judges the levels asked for below sequential consistency, which does not hold or is undecided. For reads and writes: what
 * a cas or an append means for them nobody has defined.
 */
export function judgeWeaker(
  encoded: Encoded,
  decoder: Decoder,
  asked: readonly Level[],
  sources: ReturnType<typeof readsFrom>,
  budget: Budget,
): Verdicts {
  const levels = weakLevels.filter((level) => asked.includes(level))
  if (levels.length === 0) return {}
  const other = unlikeRegister(encoded, decoder)
  if (other !== undefined) return undefinedFor(other, levels)
  const verdicts: Verdicts = {}
  const explanations = createExplanations(encoded, decoder, budget)
  const weaker = inTime(
    () => createWeaker(encoded, sources, budget),
    () => undefined,
  )
  if (weaker === undefined) {
    return Object.fromEntries(levels.map((level) => [level, { result: 'unknown', reason: OUT_OF_TIME }]))
  }
  try {
    if (sources.result === 'repeated values' && levels.some((level) => follows('causal-convergence', level))) {
      // Sources found for it are sources for all that follow from it, which need no search of their own then.
      const verdict = verdictOf('causal-convergence', weaker, encoded, explanations)
      if (verdict.result === 'met') verdicts['causal-convergence'] = verdict
    }
    for (const level of levels) {
      const isKnown = (other: Level): boolean =>
        (follows(other, level) && verdicts[other]?.result === 'met') ||
        (follows(level, other) && verdicts[other]?.result === 'violated')
      if (weakLevels.some(isKnown)) continue
      verdicts[level] = verdictOf(level, weaker, encoded, explanations)
    }
  } finally {
    weaker.release()
  }
  return verdicts
}

/** What is said of levels that nobody has defined for what is in the history. */
export function undefinedFor(other: string, levels: readonly Level[]): Verdicts {
  const reason = `defined for reads and writes only, and there is ${other} in the history: known only where sequential consistency holds`
  return Object.fromEntries(levels.map((level) => [level, { result: 'unknown', reason }]))
}

/** Whether `weaker` is `level` or follows from it. */
export const follows = (level: Level, weaker: Level): boolean =>
  level === weaker || implied[level].some((next) => follows(next, weaker))

type Explain = (level: WeakLevel, answer: Extract<WeakAnswer, { readonly result: 'violated' }>) => Counterexample

/** Levels that are contradicted by the same orders are explained once. */
function createExplanations(encoded: Encoded, decoder: Decoder, budget: Budget): Explain {
  const known = new Map<Contradiction, Counterexample>()
  return (level, answer) => {
    const contradiction = answer.found?.contradiction
    const same = contradiction === undefined ? undefined : known.get(contradiction)
    if (same !== undefined) return { ...same, level }
    const made = explainWeaker(level, encoded, answer, decoder, budget.within(Math.min(EXPLAIN_MS, budget.left() / 4)))
    if (contradiction !== undefined) known.set(contradiction, made)
    return made
  }
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
): Witness => (arbitration === undefined ? CHECKED : witnessOf(arbitration, encoded))

const CHECKED: Witness = { kind: 'checked' }

/** Short lists are made at once: an object with getters takes more. */
const FEW = 1_000

/** Long lists are made when somebody asks for them: that may take longer than the check. */
function witnessOf(arbitration: () => ArbitratedHistory, { row, length }: Encoded): Witness {
  let known: ArbitratedHistory | undefined
  const arbitrated = (): ArbitratedHistory => {
    known ??= arbitration()
    return known
  }
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

/** What of the history is neither a read nor a write, in words. */
export function unlikeRegister(encoded: Encoded, { history }: Decoder): string | undefined {
  if (encoded.hasAppend) return 'an append'
  if (encoded.hasConditional) return 'a cas'
  // A cas to the value that is there already is encoded as a read of it, or as nothing.
  const cas = history.functions.indexOf('cas')
  const { f, outcome } = history.operations
  return cas !== -1 && f.some((each, row) => each === cas && outcome[row] !== FAIL) ? 'a cas' : undefined
}
