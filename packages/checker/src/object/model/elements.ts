import { elementsOf, type History, type Json, type ValueId } from '@chaosproxy/history'
import { wrongAt } from '../../encoding/operation-row.ts'

/** The elements, as value ids, that a read returned, by row of the history. */
export type Contents = (row: number) => Int32Array

/** Reads the contents of outputs; computes each distinct output once. */
export function createContents(history: History): Contents {
  const known = new Map<number, Int32Array>()
  return (row) => {
    const output = history.operations.output[row]
    const cached = known.get(output)
    if (cached !== undefined) return cached
    const elements = listOf(history, row)
    const ids = new Int32Array(elements.length)
    for (let i = 0; i < ids.length; i++) ids[i] = history.values.id(elements[i])
    known.set(output, ids)
    return ids
  }
}

/** @throws UserError if the read returned no list. */
function listOf(history: History, row: number): readonly Json[] {
  const value = history.values.json(history.operations.output[row] as ValueId) ?? []
  const elements = elementsOf(value)
  if (elements !== undefined) return elements
  throw wrongAt(
    history,
    row,
    `a read must return a list, not ${JSON.stringify(value)}. Choose the right model with --model.`,
  )
}

/** Numbers value ids from 0 in order of appearance. */
export interface Numbering {
  readonly of: (id: number) => number
  readonly count: () => number
}

/**
 * Creates a numbering. Uses a table for ids close together, such as integers, otherwise a hash table. The memory is
 * proportional to the number of ids, because a history may have thousands of sets with a few scattered ids each.
 */
export function createNumbering(): Numbering {
  let hashed: HashTable | undefined
  let table = new Int32Array(FIRST)
  let count = 0
  const reach = (id: number): void => {
    const larger = new Int32Array(Math.max(FIRST, 2 ** Math.ceil(Math.log2(id + 1))))
    larger.set(table)
    hashed?.each((known, number) => {
      if (known >= 0 && known < larger.length) larger[known] = number + 1
    })
    table = larger
  }
  return {
    count: () => count,
    of: (id) => {
      if (id >= 0) {
        if (id >= table.length && id < SPARSEST * (count + SMALLEST)) reach(id)
        if (id < table.length) {
          if (table[id] === 0) table[id] = ++count
          return table[id] - 1
        }
      }
      hashed ??= createHashTable()
      const number = hashed.of(id, count)
      if (number === count) count++
      return number
    },
  }
}

const SMALLEST = 64

/** Small, because a history may have thousands of sets, most with few elements. */
const FIRST = 8

/** The maximum number of places of a table per id. */
const SPARSEST = 8

interface HashTable {
  /** Returns the number of an id. An id without a number gets `otherwise`. */
  readonly of: (id: number, otherwise: number) => number
  readonly each: (visit: (id: number, number: number) => void) => void
}

/** A hash table with linear probing and Fibonacci hashing (Knuth, TAOCP volume 3, section 6.4). */
function createHashTable(): HashTable {
  let shift = 32 - 6
  /** Pairs of an id and its number plus one; 0 marks an empty place. */
  let pairs = new Int32Array(2 * SMALLEST)
  let count = 0
  const placeFor = (id: number): number => {
    let place = (Math.imul(id, GOLDEN) >>> shift) << 1
    while (pairs[place + 1] !== 0 && pairs[place] !== id) place = place + 2 === pairs.length ? 0 : place + 2
    return place
  }
  const put = (id: number, number: number): void => {
    const place = placeFor(id)
    pairs[place] = id
    pairs[place + 1] = number + 1
  }
  const each: HashTable['each'] = (visit) => {
    for (let at = 0; at < pairs.length; at += 2) if (pairs[at + 1] !== 0) visit(pairs[at], pairs[at + 1] - 1)
  }
  const grow = (): void => {
    const old = pairs
    shift--
    pairs = new Int32Array(2 * old.length)
    for (let at = 0; at < old.length; at += 2) if (old[at + 1] !== 0) put(old[at], old[at + 1] - 1)
  }
  return {
    each,
    of: (id, otherwise) => {
      const known = pairs[placeFor(id) + 1]
      if (known !== 0) return known - 1
      put(id, otherwise)
      // The table is at most half full.
      if (4 * ++count > pairs.length) grow()
      return otherwise
    },
  }
}

/** 2 ** 32 divided by the golden ratio, made odd. */
const GOLDEN = 0x9e3779b1
