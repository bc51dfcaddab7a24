import { elementsOf, type History, type Json, UserError, type ValueId } from '@chaosproxy/history'
import { placeOf } from './place.ts'

/** The elements that the read in a row of the history returned, as value ids. */
export type Contents = (row: number) => Int32Array

/** Computes each distinct read once. */
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
  throw new UserError(
    'input',
    `${placeOf(history, row)}: a read returns a list, not ${JSON.stringify(value)}. Check the model.`,
  )
}

/** Numbers value ids from 0 in order of appearance: by a table if ids are close together, as integers are. */
export interface Numbering {
  /** The number of an id; a new one if it has none. */
  readonly of: (id: number) => number
  readonly count: () => number
}

export function createNumbering(): Numbering {
  let table = new Int32Array(64)
  const others = new Map<number, number>()
  let count = 0
  return {
    count: () => count,
    of: (id) => {
      if (id < 0 || id >= LARGEST) {
        const known = others.get(id)
        if (known !== undefined) return known
        others.set(id, count)
        return count++
      }
      if (id >= table.length) {
        const larger = new Int32Array(Math.max(2 * table.length, 2 ** Math.ceil(Math.log2(id + 1))))
        larger.set(table)
        table = larger
      }
      if (table[id] === 0) table[id] = ++count
      return table[id] - 1
    },
  }
}

/** Ids beyond this are looked up by hashing. */
const LARGEST = 1 << 22
