import { type Decoder, DIFFERS, type Encoded, NOTHING, restrict } from '../encoding/encoded.ts'
import { ascending } from '../encoding/lists.ts'
import type { OperationRow } from '../encoding/operation-row.ts'
import { implied, isWeak, type Level } from '../levels/levels.ts'
import { type Budget, inTime } from '../limits/budget.ts'
import { countBelow } from '../search/halving.ts'
import type { Verdict } from '../verdict/verdict.ts'
import { judgeWeakerFromAny } from './causal/any-start.ts'
import { judgeWeaker, unlikeRegister } from './causal/judge.ts'
import { MOST_CONFLICTS, operationsAt } from './linearizable/distinct/conflict.ts'
import { decideInLinearTime } from './linearizable/distinct/linear-time.ts'
import { findOrderFromAny } from './sequential/any-start.ts'
import { findSequentialOrder } from './sequential/decide.ts'
import { explainSequential } from './sequential/explain.ts'
import { readsFrom } from './sequential/reads-from.ts'
import { startsOf } from './start/candidates.ts'

type Verdicts = { [level in Level]?: Verdict }

/** Shorter histories are decided so fast that this search is not worthwhile. */
const LONG_HISTORY = 20_000

/** The share of the remaining time for finding simple contradictions. */
const SHARE = 0.7

/**
 * How many operations to include before and after the operations of a contradiction. These numbers are tried in turn.
 */
const REACHES = [16, 128, 1_024] as const

/** Reads of a value are included only if the value has at most this many writers. */
const MOST_WRITERS = 16

/** The maximum number of operations in a neighbourhood to judge. */
const MOST_NEAR = 20_000

/** The step limit for finding a sequential order of the operations around a contradiction. */
const STEPS = 100_000

interface Nearby {
  readonly encoded: Encoded
  readonly decoder: Decoder
  readonly parts: () => readonly Encoded[]
}

/**
 * Looks for violations at places where they are likely and cheap to find. If a history violates a level, some key is
 * not linearizable, and this is found in linear time. The operations around such a contradiction are judged separately,
 * with every write that their reads may have seen. If these operations violate a level, the whole history violates it,
 * too. An empty result proves nothing.
 *
 * `first` contains the operations of a known contradiction. They are judged first. With `only`, no others are judged.
 *
 * @throws OutOfTime
 */
export function judgeNearby(
  { encoded, decoder, parts }: Nearby,
  levels: readonly Level[],
  whole: Budget,
  first: readonly OperationRow[],
  only = false,
): Verdicts {
  const isRegister = unlikeRegister(encoded, decoder) === undefined
  const requested = levels.filter((level) => level === 'sequential' || (isRegister && isWeak(level)))
  if (requested.length === 0 || encoded.hasAppend || encoded.length < LONG_HISTORY) return {}
  const budget = whole.within(whole.left() * SHARE)
  const found: Verdicts = {}
  const look = (seeds: readonly (readonly OperationRow[])[], reach: number): void => {
    for (const seed of seeds) {
      const open = requested.filter((level) => !isViolated(level, found))
      if (open.length === 0 || budget.expired(encoded.length)) return
      const near = neighbourhood(encoded, seed, reach)
      if (near !== undefined) Object.assign(found, judge(near, decoder, open, budget))
    }
  }
  return inTime(
    () => {
      if (first.length > 0) for (const reach of REACHES) look([first], reach)
      if (only || requested.every((level) => isViolated(level, found))) return found
      const seeds = contradictions(parts(), decoder, budget)
      for (const reach of REACHES) look(seeds, reach)
      return found
    },
    () => found,
  )
}

/** Reports whether the level, or a level that it implies, was found violated. */
export const isViolated = (level: Level, found: Verdicts): boolean =>
  found[level]?.result === 'violated' ||
  implied[level].some((weaker) => weaker !== 'eventual' && isViolated(weaker, found))

/**
 * Returns a few contradictions of each key. A contradiction is a list of operations that no order in real time
 * explains.
 */
function contradictions(
  parts: readonly Encoded[],
  decoder: Decoder,
  budget: Budget,
): readonly (readonly OperationRow[])[] {
  const ofKeys = parts.map((part) => {
    // Uses the likeliest initial value. A wrong value does no harm, because it only affects where to look.
    const settled = part.anyStart ? startsOf(part, decoder.value).alternatives[0] : part
    const answer = decideInLinearTime(settled, budget)
    if (answer.result !== 'violated') return []
    return answer.conflicts.map((conflict) => operationsAt(part, conflict).map((i) => part.row[i]))
  })
  const seeds: (readonly OperationRow[])[] = []
  for (let n = 0; n < MOST_CONFLICTS; n++) {
    for (const conflicts of ofKeys)
      if (conflicts[n] !== undefined && seeds.length < MOST_CONFLICTS) seeds.push(conflicts[n])
  }
  return seeds
}

/**
 * Returns the operations at most `reach` positions from `seed`, and all writes that their reads may have seen. Omits a
 * read that may have seen too many writes. Omitting a read creates no contradiction.
 */
function neighbourhood(encoded: Encoded, seed: readonly OperationRow[], reach: number): Encoded | undefined {
  const { length, row, key, kind, expects, writes, values, initial } = encoded
  const kept = new Set<number>()
  for (const operation of seed) {
    const at = countBelow(row, operation)
    for (let i = Math.max(0, at - reach); i <= at + reach && i < length; i++) kept.add(i)
  }
  const nameOf = (i: number, value: number): number => key[i] * values + value
  const writers = new Map<number, number[]>()
  const wanted = new Uint8Array(values)
  let fresh: number[] = [...kept]
  while (fresh.length > 0) {
    const names = new Set<number>()
    for (const i of fresh) {
      if (expects[i] === NOTHING || kind[i] === DIFFERS || expects[i] === initial) continue
      const name = nameOf(i, expects[i])
      if (writers.has(name)) continue
      writers.set(name, [])
      names.add(name)
      wanted[expects[i]] = 1
    }
    if (names.size === 0) break
    fresh = []
    for (let i = 0; i < length; i++) {
      if (writes[i] === NOTHING || wanted[writes[i]] === 0) continue
      const name = nameOf(i, writes[i])
      if (names.has(name)) writers.get(name)?.push(i)
    }
    for (const name of names) {
      const all = writers.get(name) ?? []
      if (all.length > MOST_WRITERS) continue
      for (const i of all) {
        if (kept.has(i)) continue
        kept.add(i)
        fresh.push(i)
      }
    }
    if (kept.size > MOST_NEAR) return undefined
  }
  const isClear = (i: number): boolean =>
    expects[i] === NOTHING || (writers.get(nameOf(i, expects[i]))?.length ?? 0) <= MOST_WRITERS
  const indices = ascending(kept).filter((i) => isClear(i) && kind[i] !== DIFFERS)
  return restrict(encoded, indices)
}

function judge(near: Encoded, decoder: Decoder, levels: readonly Level[], budget: Budget): Verdicts {
  const weaker = near.anyStart
    ? judgeWeakerFromAny(near, decoder, levels, budget)
    : judgeWeaker(near, decoder, levels, readsFrom(near, budget), budget)
  const found: Verdicts = {}
  for (const [level, verdict] of Object.entries(weaker)) {
    if (verdict?.result === 'violated') found[level as Level] = verdict
  }
  if (!levels.includes('sequential') || isViolated('sequential', found)) return found
  const answer = near.anyStart
    ? findOrderFromAny(near, decoder, budget)
    : findSequentialOrder(near, decoder.value, budget, STEPS)
  if (answer.result !== 'violated') return found
  const counterexample = explainSequential(near, answer, decoder, budget)
  return { ...found, sequential: { result: 'violated', counterexample } }
}
