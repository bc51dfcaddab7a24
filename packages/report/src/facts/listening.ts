import type { Listening } from '@chaosproxy/runner/result'
import { type FactsInput, factsOf } from './facts.ts'
import { listeningTo } from './wire.ts'

/** Which messages between nodes explain what a page about a run draws first; undefined if none do. */
export const listeningFor = (input: FactsInput): Listening | undefined =>
  listeningTo(input.history, factsOf(input).shown)
