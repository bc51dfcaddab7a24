import type { Findings } from './findings.ts'
import type { Versions } from './versions.ts'

/** What reads show. */
export interface Inference {
  readonly versions: Versions
  readonly findings: Findings
  /** Keys whose order may be wrong, each with two writes of one value. If there is such a key, no level is met. */
  readonly repeated: ReadonlyMap<number, readonly [first: number, second: number]>
}
