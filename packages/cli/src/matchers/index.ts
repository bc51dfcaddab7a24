export { assertEventuallyConsistent, assertLevel, assertLinearizable, assertSequentiallyConsistent } from './assert.ts'
export type { Received } from './judge-received.ts'
export { type MatcherResult, type Missed, matchers, matchersThat } from './matchers.ts'
export type { SimulatedFinding } from './survive.ts'
