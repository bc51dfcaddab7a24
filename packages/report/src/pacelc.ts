import { AVAILABLE } from '@chaosproxy/runner/result'

/** The rule by which systems are classed, as a sentence, printed with the result. */
export const PACELC_RULE: string = `PA: in every run that cut nodes off from each other, at least ${AVAILABLE * 100}% of the requests to live nodes were answered without an error; PC: in some run fewer were. EC: every run without a cut, in calm or with late messages, was linearizable; EL: some of them was weaker.`
