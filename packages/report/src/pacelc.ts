import { AVAILABLE } from '@chaosproxy/runner/result'
import type { Comparison } from './comparison.ts'
import { strongestName } from './comparison-words.ts'

/** The rule by which systems are classed, as a sentence, printed with the result. */
export const pacelcRule = (comparison: Comparison): string =>
  `PA: under every cut, at least ${AVAILABLE * 100}% of the requests to live nodes were answered without an error in the median of the runs; PC: under some cut fewer were. Beside it: how many runs, each taken alone, say the same. EC: every run without a cut, in calm or with late messages, was ${strongestName(comparison)}; EL: some of them was weaker.`
