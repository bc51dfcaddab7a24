import type { Encoded } from '../../encoding/encoded.ts'
import type { Counterexample } from '../../verdict/verdict.ts'

/** A longer counterexample is of no use for further attempts. */
const MOST_ROWS = 200

/** The positions of a counterexample's operations, ascending; undefined if it was not reduced. */
export function rowsIn({ row, length }: Encoded, { operations }: Counterexample): readonly number[] | undefined {
  if (operations.length > MOST_ROWS) return undefined
  const wanted = new Set(operations.map(({ operation }) => operation))
  const indices: number[] = []
  for (let i = 0; i < length; i++) if (wanted.has(row[i])) indices.push(i)
  return indices
}
