import type { Json } from '@chaosproxy/history'
import type { Encoded } from '../encoded.ts'
import { startsOf } from './candidates.ts'

/**
 * The histories to be decided: those of the keys or, where nobody knows what a key held at the start, one for each value
 * that it may have held. A key is explained when one of its cases is, and contradictory when all of them are.
 */
export interface Cases {
  readonly cases: readonly Encoded[]
  /** The place among the parts of the one that a case belongs to. */
  readonly partOf: (number: number) => number
  /**
   * Notes that a case is contradictory by the return that `culprit` finds. Once all cases of its part are: finds the
   * return by which the last of them was, given that part, compact.
   */
  readonly refute: (number: number, culprit: () => number) => ((part: Encoded) => number) | undefined
}

/** Where it is known what was there. */
export const onlyCases = (parts: readonly Encoded[]): Cases => ({
  cases: parts,
  partOf: (number) => number,
  refute: (_, culprit) => culprit,
})

export function casesOf(parts: readonly Encoded[], jsonOf: (name: number) => Json): Cases {
  const cases: Encoded[] = []
  const owners: number[] = []
  const known = new Int32Array(parts.length)
  const left = new Int32Array(parts.length)
  const culprits: (() => number)[][] = parts.map(() => [])
  for (const [p, part] of parts.entries()) {
    const { alternatives, since, isComplete } = startsOf(part, jsonOf)
    known[p] = since
    for (const each of alternatives) {
      cases.push(each)
      owners.push(p)
    }
    // One more that nobody tries.
    left[p] = alternatives.length + (isComplete ? 0 : 1)
  }
  return {
    cases,
    partOf: (number) => owners[number],
    refute: (number, culprit) => {
      const part = owners[number]
      culprits[part].push(culprit)
      if (--left[part] > 0) return undefined
      const since = known[part]
      return ({ returns }) =>
        culprits[part].reduce((last, find) => Math.max(last, find()), since === -1 ? -1 : returns[since])
    },
  }
}
