import type { Encoded } from '../../../encoding/encoded.ts'

/** The operations involved in a contradiction, as positions of their calls or returns. Empty if unknown. */
export type Conflict = readonly number[]

/** At most this many contradictions are told apart. */
export const MOST_CONFLICTS = 64

/** The operations a conflict names, in order of call. */
export function operationsAt({ length, calls, returns }: Encoded, conflict: Conflict): readonly number[] {
  const wanted = new Set(conflict)
  const indices: number[] = []
  for (let i = 0; i < length; i++) if (wanted.has(calls[i]) || wanted.has(returns[i])) indices.push(i)
  return indices
}
