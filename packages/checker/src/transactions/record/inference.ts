import type { Findings } from './findings.ts'
import type { Versions } from './versions.ts'

/** What reads show. */
export interface Inference {
  readonly versions: Versions
  readonly findings: Findings
  /**
   * The keys to which the same value was written twice, and these two writes. The order inferred for the versions of
   * such a key may be wrong, so no level is met.
   */
  readonly repeated: ReadonlyMap<number, readonly [first: number, second: number]>
}
