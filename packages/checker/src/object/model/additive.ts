import { foundOrMade } from '@chaosproxy/history'
import type { ObjectOperation } from '../../judge/model.ts'
import type { Budget } from '../../limits/budget.ts'
import { distinctOperations, IMPOSSIBLE, type Machine, named, type Weights } from './machine.ts'
import type { Part } from './part.ts'

/** Amounts by name; an absent name means 0. */
type Amounts = ReadonlyMap<string, number>

/** An object that consists of named amounts, none of which may go below 0. */
export interface Additive {
  readonly initial: Amounts
  /** What an operation does: it adds to some amounts, or it shows all amounts. Undefined if it does neither. */
  effectOf(
    operation: ObjectOperation,
  ): { readonly adds: readonly (readonly [name: string, amount: number])[] } | { readonly shows: Amounts } | undefined
}

const FIRST_VECTORS = 64

/** Named amounts, or additions to them. `place` is a number that stands for the name of the amount. */
type Placed = readonly (readonly [place: number, amount: number])[]

/**
 * A machine whose states are amounts. Undefined if operations do something else, or if the amounts do not add up
 * exactly.
 */
export function additiveMachine(part: Part, additive: Additive, budget: Budget): Machine | undefined {
  const { operations, representative, code } = distinctOperations(part, false, budget)
  const places = new Map<string, number>()
  const placeOf = (name: string): number => {
    return foundOrMade(places, name, () => places.size)
  }
  let exact = true
  let most = 0
  const whole = (amount: number): number => {
    if (!Number.isSafeInteger(amount)) exact = false
    most = Math.max(most, Math.abs(amount))
    return amount
  }
  const placed = (amounts: Iterable<readonly [string, number]>): Placed =>
    Array.from(amounts, ([name, amount]) => [placeOf(name), whole(amount)] as const)

  const initial = placed(additive.initial)
  const effects = operations.map((operation, o) => {
    budget.tick()
    const effect = named(part, representative[o], operation, () => additive.effectOf(operation))
    if (effect === undefined) return undefined
    return 'adds' in effect ? { adds: placed(effect.adds) } : { shows: placed(effect.shows) }
  })
  if (!exact || !Number.isSafeInteger(most * (part.length + 1))) return undefined

  const states = createVectors(places.size, budget)
  const vectorOf = (adds: Placed): Float64Array => {
    const amounts = new Float64Array(places.size)
    for (const [place, amount] of adds) amounts[place] += amount
    return amounts
  }
  const first = states.numberOf(vectorOf(initial))
  /** By operation: the state that it observes, or -1. */
  const stateOf = new Int32Array(operations.length).fill(-1)
  const adds: Placed[] = []
  for (const [o, effect] of effects.entries()) {
    budget.tick()
    if (effect === undefined) return undefined
    if ('shows' in effect) stateOf[o] = states.numberOf(vectorOf(effect.shows))
    adds.push('adds' in effect ? effect.adds : [])
  }
  const scratch = new Float64Array(places.size)
  return {
    initial: first,
    code,
    step: (state, operation) => {
      if (stateOf[operation] !== -1) return stateOf[operation] === state ? state : IMPOSSIBLE
      states.read(state, scratch)
      for (const [place, amount] of adds[operation]) scratch[place] += amount
      for (const [place] of adds[operation]) if (scratch[place] < 0) return IMPOSSIBLE
      return states.numberOf(scratch)
    },
    several: () => [],
    weights: weightsOf(initial, effects),
    fits: states.fits,
    isLate: () => false,
    release: states.release,
  }
}

type Effect = { readonly adds: Placed } | { readonly shows: Placed } | undefined

function weightsOf(initial: Placed, effects: readonly Effect[]): Weights {
  const weigh = (amounts: Placed): number => amounts.reduce((sum, [place, amount]) => sum + amount * weightOf(place), 0)
  const adds = effects.map((effect) => (effect !== undefined && 'adds' in effect ? weigh(effect.adds) : 0))
  const shows = effects.map((effect) => (effect !== undefined && 'shows' in effect ? weigh(effect.shows) : undefined))
  return { initial: weigh(initial), adds: (code) => adds[code], shows: (code) => shows[code] }
}

/** Weights only guide the search. They are small, so that sums of ordinary amounts stay exact. */
const weightOf = (place: number): number => (Math.imul(place + 1, 0x9e3779b1) >>> 6) + 1

interface Vectors {
  readonly numberOf: (amounts: Float64Array) => number
  readonly read: (number: number, into: Float64Array) => void
  readonly fits: () => boolean
  readonly release: () => void
}

/** Creates a table that assigns numbers to distinct lists of amounts, in the order in which the lists first appear. */
function createVectors(width: number, budget: Budget): Vectors {
  let vectors = new Float64Array(FIRST_VECTORS * width)
  // A hash table with open addressing, at most half full. An entry is 0 if empty, otherwise the number of a list + 1.
  let slots = new Int32Array(2 * FIRST_VECTORS)
  let length = 0
  let taken = 0
  let fits = true
  const hashOf = (list: Float64Array, from: number): number => {
    let hash = 0
    for (let at = from; at < from + width; at++) hash = Math.imul(hash ^ list[at], 0x9e3779b1) ^ (hash >>> 15)
    return hash ^ (hash >>> 13)
  }
  const grow = (): void => {
    const bytes = vectors.byteLength + slots.byteLength
    if (!budget.take(bytes)) fits = false
    else taken += bytes
    const larger = new Float64Array(2 * vectors.length)
    larger.set(vectors)
    vectors = larger
    slots = new Int32Array(2 * slots.length)
    for (let number = 0; number < length; number++) {
      let slot = hashOf(vectors, number * width) & (slots.length - 1)
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1)
      slots[slot] = number + 1
    }
  }
  const isAt = (number: number, amounts: Float64Array): boolean => {
    for (let at = 0; at < width; at++) if (vectors[number * width + at] !== amounts[at]) return false
    return true
  }
  return {
    numberOf: (amounts) => {
      let slot = hashOf(amounts, 0) & (slots.length - 1)
      for (; slots[slot] !== 0; slot = (slot + 1) & (slots.length - 1)) {
        if (isAt(slots[slot] - 1, amounts)) return slots[slot] - 1
      }
      slots[slot] = length + 1
      for (let at = 0; at < width; at++) vectors[length * width + at] = amounts[at]
      length++
      if (2 * length === slots.length) grow()
      return length - 1
    },
    read: (number, into) => {
      for (let at = 0; at < width; at++) into[at] = vectors[number * width + at]
    },
    fits: () => fits,
    release: () => {
      budget.giveBack(taken)
      taken = 0
    },
  }
}
