import * as v from 'valibot'
import { pathSchema } from './path-schema.ts'

/** What a run must not fall behind. A run's own baseline replaces that of all runs, its tolerance with it. */
export interface HeldToBaseline {
  /** An earlier result, as `--json` printed it, or a `run.json`: runs must not fall behind it. */
  readonly baseline?: string | undefined
  /** How much worse availability and p99 may be, such as `20%`. */
  readonly tolerance?: string | undefined
}

export const baselineEntries: v.ObjectEntries = {
  baseline: v.optional(v.pipe(pathSchema, v.description('an earlier result that runs must not fall behind'))),
  tolerance: v.optional(
    v.pipe(
      v.string('must be a percentage'),
      v.regex(/^\d+(\.\d+)?%$/, 'must be a percentage, such as 20%'),
      v.description('how much worse than the baseline availability and p99 may be'),
    ),
  ),
}
