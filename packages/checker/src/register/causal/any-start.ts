import type { Decoder, Encoded } from '../../encoding/encoded.ts'
import { type Level, type WeakLevel, weakLevels } from '../../levels/levels.ts'
import { type Budget, inTime } from '../../limits/budget.ts'
import { OUT_OF_TIME } from '../../verdict/reason.ts'
import { unknownBecause, type Verdict } from '../../verdict/verdict.ts'
import { decideFromAny, type FromAny, likelyStarts } from '../any-start/any.ts'
import { rowsIn } from '../counterexample/involved.ts'
import { readsFrom } from '../sequential/reads-from.ts'
import type { Choice } from '../start/choices.ts'
import type { WeakAnswer } from './answer.ts'
import { borrowed } from './borrowed.ts'
import { createWeaker, type Weaker } from './decide.ts'
import { explainWeaker, questionOf } from './explain.ts'
import { judgeEach, undefinedFor, unlikeRegister, type Verdicts, witnessOfWeak } from './judge.ts'

/** The time for reducing one contradiction. */
const EXPLAIN_MS = 500

/** The total time for reducing the counterexamples of all weaker levels. */
const EXPLAIN_ALL_MS = 2_000

/** `judgeWeaker` for a history whose initial values are unknown (see `Encoded.anyStart`). */
export function judgeWeakerFromAny(
  encoded: Encoded,
  decoder: Decoder,
  requested: readonly Level[],
  budget: Budget,
): Verdicts {
  const levels = weakLevels.filter((level) => requested.includes(level))
  const other = unlikeRegister(encoded, decoder)
  if (other !== undefined) return undefinedFor(other, levels)
  const weaker = createWeakerFromAny(encoded, decoder, budget)
  const explaining = budget.within(EXPLAIN_ALL_MS)
  try {
    return judgeEach(levels, {
      judge: (level) => verdictOf(level, weaker.decide(level)),
      explainAgain: (level, counterexample) => borrowed(level, counterexample, encoded, decoder, explaining),
      isSearched: true,
    })
  } finally {
    weaker.release()
  }

  function verdictOf(level: WeakLevel, found: FromAny<WeakAnswer>): Verdict {
    if (found.result === 'unknown') return found
    if (found.result === 'violated') {
      const { involved } = found
      const counterexample = explainWeaker(level, encoded, { result: 'violated', involved }, decoder, explaining)
      return { result: 'violated', counterexample }
    }
    const { answer, operations } = found
    if (answer.result !== 'met')
      throw new Error(`the search reports that ${level} is met, but its answer is ${answer.result}`)
    return { result: 'met', witness: witnessOfWeak(answer, operations) }
  }
}

interface WeakerFromAny {
  readonly decide: (level: WeakLevel) => FromAny<WeakAnswer>
  readonly release: () => void
}

/** Decides the levels below sequential consistency, each on demand. */
function createWeakerFromAny(encoded: Encoded, decoder: Decoder, budget: Budget): WeakerFromAny {
  const jsonOf = decoder.value
  let first: Choice | undefined
  // The analysis of the history with the initial values that were tried last. Most levels try the same initial values
  // and can use the same analysis.
  let last: { readonly operations: Encoded; readonly weaker: Weaker } | undefined
  const release = (): void => {
    last?.weaker.release()
    last = undefined
  }
  const weakerOf = (operations: Encoded): Weaker => {
    if (last === undefined || !isSame(last.operations, operations)) {
      release()
      last = { operations, weaker: createWeaker(operations, readsFrom(operations, budget), budget) }
    }
    return last.weaker
  }
  const decide = (level: WeakLevel): FromAny<WeakAnswer> => {
    first ??= likelyStarts(encoded, jsonOf, budget)
    return decideFromAny<WeakAnswer>(
      encoded,
      {
        decide: (operations) => weakerOf(operations).decide(level),
        ...questionOf(level, budget),
        contradiction: (operations, answer) => {
          if (answer.result !== 'violated') return undefined
          return rowsIn(encoded, explainWeaker(level, operations, answer, decoder, budget.within(EXPLAIN_MS)))
        },
      },
      first,
      jsonOf,
      budget,
    )
  }
  return {
    decide: (level) =>
      inTime(
        () => decide(level),
        () => unknownBecause(OUT_OF_TIME),
      ),
    release,
  }
}

const isSame = (a: Encoded, b: Encoded): boolean =>
  a.expects.every((value, i) => value === b.expects[i]) && a.writes.every((value, i) => value === b.writes[i])
