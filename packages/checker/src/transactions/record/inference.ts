import type { Findings } from './findings.ts'
import type { Versions } from './versions.ts'

/** What reads show. */
export interface Inference {
  readonly versions: Versions
  readonly findings: Findings
  /**
   * The keys to which a value was written twice, with the two writes. The order of such a key's versions may be wrong,
   * so no level is met.
   */
  readonly repeated: ReadonlyMap<number, readonly [first: number, second: number]>
}
