import type { Encoded } from '../encoded.ts'

/** Between which operations a contradiction lies: the positions of their calls or returns. Empty where that is not known. */
export type Conflict = readonly number[]

/** More contradictions than this are not told apart. */
export const MOST_CONFLICTS = 64

/** The operations that a conflict names, in order of call. */
export function operationsAt({ length, calls, returns }: Encoded, conflict: Conflict): readonly number[] {
  const wanted = new Set(conflict)
  const indices: number[] = []
  for (let i = 0; i < length; i++) if (wanted.has(calls[i]) || wanted.has(returns[i])) indices.push(i)
  return indices
}
