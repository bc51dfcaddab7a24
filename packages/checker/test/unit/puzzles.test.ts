import { type EventInput, millis } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import type { Encoded } from '../../src/encoding/encoded.ts'
import { threadsOf } from '../../src/encoding/threads.ts'
import { createBudget } from '../../src/limits/budget.ts'
import { encodeRegister } from '../../src/register/encoding/encode.ts'
import { faultOfWitness } from '../../src/register/replay/replay.ts'
import { decideJoined } from '../../src/register/sequential/decide.ts'
import { layOut } from '../../src/register/sequential/greedy.ts'
import { completion, orderWrites } from '../../src/register/sequential/orders.ts'
import { type ReadsFrom, readsFrom } from '../../src/register/sequential/reads-from.ts'
import { type Saturation, saturate } from '../../src/register/sequential/saturation.ts'
import { createSequentialSearch } from '../../src/register/sequential/search.ts'
import { atLeast, many, manyOf } from '../many.ts'
import { type Clause, type Order, puzzleEvents, randomClauses } from '../puzzles.ts'

// Tests histories for which the forced orders alone decide nothing. Random histories are rarely like this. The search
// must try each pair of writes in one order and, after a contradiction, in the other.

const baseSeed = inject('seed')
// This clock does not advance, because other tests may run for minutes between this line and the first test here.
const budget = createBudget({ deadlineMs: millis(60_000), memoryBytes: 1e9, now: () => millis(0) })

type Answer = 'met' | 'violated' | undefined

const factsOf = (events: readonly EventInput[]): ReadsFrom => {
  const facts = readsFrom(encodeRegister(smallHistory(events), { initial: null, failedCas: 'drop' }).encoded)
  if (facts.result !== 'unique') throw new Error('values are distinct')
  return facts
}

const checked = (encoded: Encoded, order: Int32Array): 'met' => {
  expect(faultOfWitness(encoded, order, 'process order', () => null)).toBe(undefined)
  return 'met'
}

/** Derives the forced orders, then calls `decide`. Returns `refuted` if the forced orders alone are contradictory. */
function saturated(facts: ReadsFrom, decide: (saturation: Saturation) => Answer): Answer | 'refuted' {
  const answer = saturate(facts, budget)
  if (answer.result !== 'saturated') return 'refuted'
  const decided = decide(answer.saturation)
  answer.saturation.release()
  return decided
}

const pairByPair = (facts: ReadsFrom): Answer | 'refuted' =>
  saturated(facts, (saturation) => {
    const { result } = orderWrites(saturation, budget)
    return result === 'met' ? checked(facts.encoded, completion(saturation)) : result === 'stopped' ? undefined : result
  })

const laidOut = (facts: ReadsFrom): Answer | 'refuted' =>
  saturated(facts, (saturation) => {
    const order = layOut(saturation, budget)
    return order === undefined ? undefined : checked(facts.encoded, order)
  })

function byProcess({ encoded }: ReadsFrom, steps: number): Answer {
  const search = createSequentialSearch(encoded, () => null, budget)
  const progress = search.run(steps)
  search.release()
  return progress === 'met' || progress === 'violated' ? progress : undefined
}

test('both searches for an order find the only legal order of two pairs of writes, whichever order that is', () => {
  const all = [1, 2].flatMap((x) =>
    [1, 2].map(
      (y): Clause => [
        [0, x as 1 | 2],
        [1, y as 1 | 2],
      ],
    ),
  )
  const inTurn = () => 0
  for (const left of all) {
    const facts = factsOf(puzzleEvents(2, all.toSpliced(all.indexOf(left), 1), inTurn))
    expect(pairByPair(facts), `${left}`).toBe('met')
    expect(laidOut(facts), `${left}`).toBe('met')
  }
  const whole = factsOf(puzzleEvents(2, all, inTurn))
  expect(pairByPair(whole)).toBe('violated')
  expect(byProcess(whole, 50_000)).toBe('violated')
})

/**
 * Returns four clauses that together make `order` impossible. Each clause forbids `order` together with one of the four
 * combinations of the orders of pair `one` and pair `other`.
 */
const neither = (order: Order, one: number, other: number): Clause[] =>
  ([1, 2] as const).flatMap((x) => ([1, 2] as const).map((y): Clause => [order, [one, x], [other, y]]))

test('the pair-by-pair search gives up an assumed order together with all orders derived from it', () => {
  const inTurn = () => 0
  // The search first tries the order `tried` of pair 0. The orders of the pairs 1 and 2 follow from `tried`, but
  // `tried` contradicts both orders of pair 3. So the search must give up all three.
  const tried: Order = [0, 1]
  const settled = [...[1, 2].map((pair): Clause => [tried, [pair, 1]]), ...neither(tried, 3, 4)]
  expect(pairByPair(factsOf(puzzleEvents(5, settled, inTurn)))).toBe('met')
  const whole = factsOf(puzzleEvents(5, [...settled, ...neither([0, 2], 1, 2)], inTurn))
  expect(pairByPair(whole)).toBe('violated')
})

test(`four searches for an order agree on ${manyOf(1_000)} random puzzles`, () => {
  const count = { met: 0, violated: 0, laidOut: 0, joined: 0 }
  for (let n = 0; n < many(1_000); n++) {
    const seed = baseSeed + n
    const random = randomFrom(seed)
    const below = (limit: number): number => Math.floor(random() * limit)
    const size = 2 + (n % 2)
    const pairs = size === 2 ? 2 + below(2) : 4 + below(5)
    const clauses = randomClauses({ pairs, size, count: 2 + below((size === 2 ? 2 : 3) * pairs) }, below)
    const facts = factsOf(puzzleEvents(pairs, clauses, below))
    const answer = pairByPair(facts)
    if (answer === 'refuted' || answer === undefined) continue
    count[answer]++
    const laid = laidOut(facts)
    if (laid !== undefined) expect(laid, `seed ${seed}: laid out`).toBe(answer)
    if (laid === 'met') count.laidOut++
    const searched = byProcess(facts, answer === 'violated' && size === 2 ? 5_000 : 300)
    if (searched !== undefined) expect(searched, `seed ${seed}: by process`).toBe(answer)
    for (const columns of [1, 2, 4]) {
      const joined = decideJoined(facts, threadsOf(facts.encoded, true), budget, columns)
      if (joined === undefined || joined.result === 'unknown') continue
      expect(joined.result, `seed ${seed}: joined into ${columns}`).toBe(answer)
      if (joined.result === 'met') checked(facts.encoded, joined.order)
      count.joined++
    }
  }
  expect(count.met).toBeGreaterThan(atLeast(480))
  expect(count.laidOut).toBeGreaterThan(0.8 * count.met)
  expect(count.violated).toBeGreaterThan(3)
  expect(count.joined).toBeGreaterThan(atLeast(1_200))
})
