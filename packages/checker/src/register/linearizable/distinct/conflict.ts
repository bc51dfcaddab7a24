import type { Encoded } from '../../../encoding/encoded.ts'

/** The operations of a contradiction, as positions of their calls or returns; empty if unknown. */
export type Conflict = readonly number[]

/** The maximum number of contradictions that are kept. */
export const MOST_CONFLICTS = 64

/** Returns the operations whose call or return is in `conflict`, in order of call. */
export function operationsAt({ length, calls, returns }: Encoded, conflict: Conflict): readonly number[] {
  const wanted = new Set(conflict)
  const indices: number[] = []
  for (let i = 0; i < length; i++) if (wanted.has(calls[i]) || wanted.has(returns[i])) indices.push(i)
  return indices
}
