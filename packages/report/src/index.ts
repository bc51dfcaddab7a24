export { renderHtml } from './html/page.ts'
export type { Page } from './html/page-input.ts'
export type { JsonInput } from './json.ts'
export { toJson } from './json.ts'
export type { Lines } from './operation-words.ts'
export type {
  Expectation,
  FaultRecord,
  NodeSummary,
  OperationCounts,
  PhaseSummary,
  RunConfig,
  RunSummary,
  RunViews,
} from './run-summary.ts'
export { countOperations } from './statistics.ts'
export type { CheckPageOptions, CheckRow } from './terminal/check-page.ts'
export { renderCheck, renderCheckTable } from './terminal/check-page.ts'
export { renderExplanations } from './terminal/explanation.ts'
export type { RunPageOptions } from './terminal/run-page.ts'
export { renderRun } from './terminal/run-page.ts'
export type { FoundFailure, ReplaySummary, SearchSummary, Size } from './terminal/search-page.ts'
export { renderReplay, renderSearch } from './terminal/search-page.ts'
export type { SequenceStep } from './terminal/sequence-diagram.ts'
export type { SequenceInput } from './terminal/sequence-steps.ts'
export { sequenceColumns, sequenceSteps } from './terminal/sequence-steps.ts'
export type { Style, TerminalOptions } from './terminal/style.ts'
export { plainStyle } from './terminal/style.ts'
export type { Cell, Column } from './terminal/table.ts'
export { table } from './terminal/table.ts'
export { clip, displayWidth, wrap } from './terminal/width.ts'
export { plural } from './words.ts'
