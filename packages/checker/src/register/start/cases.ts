import type { Json } from '@chaosproxy/history'
import type { Encoded } from '../../encoding/encoded.ts'
import { startsOf } from './candidates.ts'

/**
 * The cases to decide. A case is the history of one key with one of its possible initial values. A key is explained if
 * at least one of its cases is explained. It is contradictory if all its cases are contradictory.
 */
export interface Cases {
  readonly cases: readonly Encoded[]
  readonly partOf: (number: number) => number
  /**
   * Records that a case is contradictory. `culprit` finds the return at which the contradiction appears. If some case
   * of the same part is not contradictory yet, returns undefined. Otherwise returns a function that finds the return at
   * which the whole part becomes contradictory. This is the latest of the cases' culprits or, if it is later, the
   * return that ruled out all other initial values.
   */
  readonly refute: (number: number, culprit: () => number) => ((part: Encoded) => number) | undefined
}

/** Returns one case per part, for known initial values. */
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
    // If some possible initial values have no case, `left` is one more than the number of cases. It then never becomes
    // 0, so the part is never refuted.
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
