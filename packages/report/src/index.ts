export { renderHtml } from './html/page.ts'
export { toJson } from './json.ts'
export type {
  Expectation,
  FaultRecord,
  NodeSummary,
  PhaseSummary,
  RunConfig,
  RunSummary,
  RunViews,
} from './run-summary.ts'
export { countOperations } from './statistics.ts'
export type { CheckRow } from './terminal/check-page.ts'
export { renderCheck, renderCheckTable } from './terminal/check-page.ts'
export { renderExplanations } from './terminal/explanation.ts'
export { renderRun } from './terminal/run-page.ts'
export type { FoundFailure, Size } from './terminal/search-page.ts'
export { renderReplay, renderSearch } from './terminal/search-page.ts'
export type { SequenceStep } from './terminal/sequence-diagram.ts'
export { sequenceColumns, sequenceSteps } from './terminal/sequence-steps.ts'
export { renderStory } from './terminal/story-page.ts'
export type { Style, TerminalOptions } from './terminal/style.ts'
export { plainStyle } from './terminal/style.ts'
export type { Sign, Telling, ToldStep, ToldStory, ToldVerdict } from './told-story.ts'
export { plural } from './words.ts'
