import type { Budget } from '../../limits/budget.ts'
import { countOf, subsetSums } from '../../search/halving.ts'
import type { Addition, Sighting } from './sightings.ts'
import { forcedAt, type Included, includedAfter, type View, viewOf } from './view.ts'

/** Operations of unknown outcome that took effect according to the sightings. */
export interface Guess {
  readonly sum: number
  readonly taken: Taken | undefined
  /**
   * The completed operations that every later sighting includes, because an earlier sighting (see `Sighting`) included
   * them.
   */
  readonly included: readonly Included[]
  /**
   * The cost of the operations taken, plus `UNEXPLAINED` for each sighting (see `Sighting`) that the guess does not
   * explain. An operation costs 1 or `LATE`.
   */
  readonly cost: number
}

interface Taken {
  /** An index into the operations of unknown outcome. */
  readonly unknown: number
  /** The index of the first sighting whose sum includes the operation. */
  readonly since: number
  readonly before: Taken | undefined
}

const MOST_GUESSES = 256
/** The cost of a guess for each read (see `Sighting`) whose result the guess does not explain. */
const UNEXPLAINED = 12
/** The cost of an operation that took effect long after its call; others cost 1. */
const LATE = 3
/** The number of recently called operations of which all subsets are tried. */
const MOST_RECENT = 10
/**
 * If the recent operations explain nothing, all subsets of this many waiting operations are tried. After an outage,
 * many operations may take effect together.
 */
const MOST_WAITING = 24
const MOST_BY_CHANCE = 5
/**
 * For each sighting, the maximum number of guesses that `extendedByMany` extends. It is small because `extendedByMany`
 * tries many subsets.
 */
const MOST_THOROUGH = 4

/**
 * Returns the guess of least cost among those tried. Each unexplained sighting and each operation taken adds to the
 * cost (see `UNEXPLAINED` and `LATE`).
 */
export function bestGuess(sightings: readonly Sighting[], unknown: readonly Addition[], budget: Budget): Guess {
  let guesses: readonly Guess[] = [{ sum: 0, taken: undefined, included: [], cost: 0 }]
  for (const [at, sighting] of sightings.entries()) {
    budget.tick()
    const place: Place = { sightings, at, unknown, view: viewOf(sighting) }
    const next = new Map<string, Guess>()
    const keep = (guess: Guess): void => {
      const name = `${guess.sum} ${guess.included.map(({ operation }) => operation)}`
      const other = next.get(name)
      if (other === undefined || guess.cost < other.cost) next.set(name, guess)
    }
    const unexplaining: Guess[] = []
    // A guess that does not explain the sighting is extended by further operations, unless a cheaper guess explains the
    // sighting. If no extension was tried, or none explains the sighting, the guess is kept unchanged, and
    // `UNEXPLAINED` is added to its cost.
    let least = Number.POSITIVE_INFINITY
    const found = (guess: Guess): void => {
      keep(guess)
      least = Math.min(least, guess.cost)
    }
    for (const guess of guesses) {
      const explaining = asItIs(guess, place) ?? withoutRecent(guess, place)
      if (explaining === undefined) unexplaining.push(guess)
      else found(explaining)
    }
    let thorough = 0
    for (const guess of unexplaining) {
      const larger = guess.cost > least ? [] : extended(guess, place, budget)
      if (guess.cost <= least && (larger.length === 0 || isAfterOutage(guess, place)) && thorough++ < MOST_THOROUGH)
        larger.push(...extendedByMany(guess, place, budget))
      for (const each of larger) found(each)
      if (larger.length === 0) keep({ ...guess, cost: guess.cost + UNEXPLAINED })
    }
    guesses = [...next.values()].sort((a, b) => a.cost - b.cost).slice(0, MOST_GUESSES)
  }
  return guesses[0]
}

interface Place {
  readonly sightings: readonly Sighting[]
  readonly at: number
  readonly unknown: readonly Addition[]
  readonly view: View
}

function asItIs(guess: Guess, { view }: Place): Guess | undefined {
  const forced = forcedAt(view, guess.included)
  const subset = view.subsetFor(guess.sum, forced)
  return subset === undefined ? undefined : { ...guess, included: includedAfter(view, guess.included, subset) }
}

/**
 * Returns the guess unchanged if some operations that it took last can be left out of this sighting, and the others
 * explain the sighting. The guess took such an operation because of an earlier sighting. If the reads of both sightings
 * overlap, the operation may take effect after the read of this sighting.
 */
function withoutRecent(guess: Guess, { sightings, at, unknown, view }: Place): Guess | undefined {
  const forced = forcedAt(view, guess.included)
  let sums = [guess.sum]
  let last = guess.taken
  for (let recent = 0; recent < MOST_RECENT && last !== undefined; recent++, last = last.before) {
    if (sightings[last.since].return < sightings[at].call) return undefined
    const { adds } = unknown[last.unknown]
    const less = sums.map((each) => each - adds)
    if (less.some((each) => view.subsetFor(each, forced) !== undefined)) return guess
    sums = sums.concat(less)
  }
  return undefined
}

function extended(guess: Guess, place: Place, budget: Budget): Guess[] {
  const { at, unknown, view } = place
  const forced = forcedAt(view, guess.included)
  const left = notTaken(guess, place)
  const recent = left.slice(-MOST_RECENT)
  const sums = subsetSums(recent.map((i) => unknown[i].adds))
  const found: Guess[] = []
  const tryWith = (late: number | undefined): void => {
    const sum = guess.sum + (late === undefined ? 0 : unknown[late].adds)
    for (let subset = 0; subset < sums.length; subset++) {
      const overlapped = view.subsetFor(sum + sums[subset], forced)
      if (overlapped === undefined) continue
      const { taken, cost, included } = withSubset(guess, recent, subset, place)
      found.push({
        sum: sum + sums[subset],
        taken: late === undefined ? taken : { unknown: late, since: at, before: taken },
        included: includedAfter(view, included, overlapped),
        cost: late === undefined ? cost : cost + LATE,
      })
    }
  }
  tryWith(undefined)
  for (let i = 0; found.length === 0 && i < left.length - recent.length; i++) {
    budget.tick()
    tryWith(left[i])
  }
  return found
}

function extendedByMany(guess: Guess, place: Place, budget: Budget): readonly Guess[] {
  const { unknown, view } = place
  const { overlapping, excess } = view.sighting
  const forced = forcedAt(view, guess.included)
  const free = overlapping.filter((_, bit) => ((forced >> bit) & 1) === 0)
  const rest = overlapping.reduce((sum, { adds }, bit) => sum - ((forced >> bit) & 1) * adds, excess - guess.sum)
  const waiting = notTaken(guess, place).slice(-MOST_WAITING)
  const items = [...waiting.map((i) => unknown[i]), ...free]
  const middle = items.length >> 1
  const amounts = items.map(({ adds }) => adds)
  const [first, second] = [subsetSums(amounts.slice(0, middle)), subsetSums(amounts.slice(middle))]
  const [lower, upper] = [waiting.slice(0, middle), waiting.slice(middle)]
  // The first half of `items` begins with `lower`, operations of unknown outcome. `ofLower` selects their bits in a
  // subset. Its other bits are operations that overlap the read. Of the subsets with equal sums, `cheapest` keeps the
  // one with the fewest operations of unknown outcome.
  const ofLower = (1 << lower.length) - 1
  const cheapest = new Map<number, number>()
  for (let subset = 0; subset < first.length; subset++) {
    budget.tick()
    const other = cheapest.get(first[subset])
    if (other === undefined || countOf(subset & ofLower) < countOf(other & ofLower)) cheapest.set(first[subset], subset)
  }
  const found = new Map<number, Guess>()
  for (let subset = 0; subset < second.length; subset++) {
    budget.tick()
    const other = cheapest.get(rest - second[subset])
    if (other === undefined) continue
    const larger = withSubset(withSubset(guess, lower, other & ofLower, place), upper, subset, place)
    const known = found.get(larger.sum)
    if (known === undefined || larger.cost < known.cost) found.set(larger.sum, larger)
  }
  return [...found.values()]
}

function isAfterOutage(guess: Guess, place: Place): boolean {
  const { sightings, at, unknown } = place
  const since = sightings[at - 1]?.call ?? 0
  return notTaken(guess, place).filter((i) => unknown[i].call > since).length > MOST_BY_CHANCE
}

/**
 * Returns the operations of unknown outcome that the guess has not taken, as indices into `unknown`. Includes only
 * operations that were called before the read of the sighting returned.
 */
function notTaken(guess: Guess, { unknown, view: { sighting } }: Place): number[] {
  const used = new Set<number>()
  for (let taken = guess.taken; taken !== undefined; taken = taken.before) used.add(taken.unknown)
  const left: number[] = []
  for (let i = 0; i < unknown.length && unknown[i].call < sighting.return; i++) if (!used.has(i)) left.push(i)
  return left
}

function withSubset(guess: Guess, items: readonly number[], subset: number, { at, unknown }: Place): Guess {
  let { sum, taken, cost } = guess
  for (const [bit, i] of items.entries()) {
    if (((subset >> bit) & 1) === 0) continue
    sum += unknown[i].adds
    taken = { unknown: i, since: at, before: taken }
    cost += 1
  }
  return { ...guess, sum, taken, cost }
}
