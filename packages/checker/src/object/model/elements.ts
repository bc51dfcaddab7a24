import { elementsOf, type History, type Json, outputOf } from '@chaosproxy/history'
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
  const value = outputOf(history, row) ?? []
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
 * Creates a numbering. Uses a table for ids close together, such as integers, otherwise a map. The memory is
 * proportional to the number of ids, because a history may have thousands of sets with a few scattered ids each.
 */
export function createNumbering(): Numbering {
  const hashed = new Map<number, number>()
  let table = new Int32Array(FIRST)
  let count = 0
  const reach = (id: number): void => {
    const larger = new Int32Array(Math.max(FIRST, 2 ** Math.ceil(Math.log2(id + 1))))
    larger.set(table)
    for (const [known, number] of hashed) if (known >= 0 && known < larger.length) larger[known] = number + 1
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
      const known = hashed.get(id)
      if (known !== undefined) return known
      hashed.set(id, count)
      return count++
    },
  }
}

const SMALLEST = 64

/** The first length is small, because a history may have thousands of sets, most with few elements. */
const FIRST = 8

/** The maximum ratio of a table's length to the number of ids. */
const SPARSEST = 8
