import type { Budget } from '../../limits/budget.ts'
import { countOf, subsetSums } from '../../search/halving.ts'

/** An amount that may be added once. */
export interface Addend {
  readonly amount: number
}

export type FindSubset = <A extends Addend>(
  addends: readonly A[],
  sum: number,
  budget: Budget,
) => readonly A[] | undefined

/**
 * Finds up to four addends with the sum.
 *
 * @throws OutOfTime
 */
export const few: FindSubset = (addends, sum, budget) => {
  if (sum === 0) return []
  const single = addends.find(({ amount }) => amount === sum)
  return single === undefined ? several(addends, sum, budget) : [single]
}

/**
 * Finds addends with the given sum by leaving out at most four addends.
 *
 * @throws OutOfTime
 */
export const allButFew: FindSubset = (addends, sum, budget) => {
  const all = addends.reduce((total, { amount }) => total + amount, 0)
  const excluded = few(addends, all - sum, budget)
  return excluded && addends.filter((addend) => !excluded.includes(addend))
}

/** The maximum number of addends of which all subsets are tried. */
const MOST_HALVED = 36

/**
 * Finds the smallest set of addends with the sum, unless there are too many addends. Meet in the middle (Horowitz and
 * Sahni, 1974): combines the subsets of one half with those of the other.
 *
 * @throws OutOfTime
 */
export const fewest: FindSubset = (addends, sum, budget) =>
  addends.length > MOST_HALVED ? undefined : fewestOfHalves(addends, sum, budget)

/** Finds two to four addends with the sum, using a table of the sums of pairs. */
function several<A extends Addend>(addends: readonly A[], sum: number, budget: Budget): readonly A[] | undefined {
  const pairs = new Map<number, readonly [A, A]>()
  for (const [i, second] of addends.entries()) {
    for (let j = 0; j < i; j++) {
      budget.tick()
      const of = addends[j].amount + second.amount
      if (of === sum) return [addends[j], second]
      if (!pairs.has(of)) pairs.set(of, [addends[j], second])
    }
  }
  for (const addend of addends) {
    const rest = pairs.get(sum - addend.amount)
    if (rest !== undefined && !rest.includes(addend)) return [addend, ...rest]
  }
  for (const [of, pair] of pairs) {
    budget.tick()
    const rest = pairs.get(sum - of)
    if (rest !== undefined && !rest.includes(pair[0]) && !rest.includes(pair[1])) return [...pair, ...rest]
  }
  return undefined
}

function fewestOfHalves<A extends Addend>(addends: readonly A[], sum: number, budget: Budget): A[] | undefined {
  const middle = addends.length >> 1
  const [lower, upper] = [addends.slice(0, middle), addends.slice(middle)]
  const sumsOf = (some: readonly A[]): Float64Array =>
    subsetSums(
      some.map(({ amount }) => amount),
      () => budget.tick(),
    )
  const smallest = new Map<number, number>()
  for (const [subset, of] of sumsOf(lower).entries()) {
    const other = smallest.get(of)
    if (other === undefined || countOf(subset) < countOf(other)) smallest.set(of, subset)
  }
  let least = Number.POSITIVE_INFINITY
  let best: A[] | undefined
  const chosen = (items: readonly A[], subset: number) => items.filter((_, bit) => ((subset >> bit) & 1) === 1)
  for (const [ofUpper, of] of sumsOf(upper).entries()) {
    const ofLower = smallest.get(sum - of)
    if (ofLower === undefined || countOf(ofLower) + countOf(ofUpper) >= least) continue
    least = countOf(ofLower) + countOf(ofUpper)
    best = [...chosen(lower, ofLower), ...chosen(upper, ofUpper)]
  }
  return best
}
