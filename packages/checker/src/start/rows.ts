import type { Encoded } from '../encoded.ts'
import type { Counterexample } from '../verdict.ts'

/** Of more operations than this nothing else is tried. */
const MOST_ROWS = 200

/** Where the operations of a counterexample are (ascending); undefined where it was not cut down. */
export function rowsIn({ row, length }: Encoded, { operations }: Counterexample): readonly number[] | undefined {
  if (operations.length > MOST_ROWS) return undefined
  const wanted = new Set(operations.map(({ operation }) => operation))
  const indices: number[] = []
  for (let i = 0; i < length; i++) if (wanted.has(row[i])) indices.push(i)
  return indices
}
