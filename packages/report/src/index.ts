export type { ComparedCell, ComparedSystem, Comparison, LevelResult, Spread } from './comparison.ts'
export { titleWithVerdict } from './facts/headline.ts'
export { knownChanges, listeningFor } from './facts/listening.ts'
export { renderComparisonHtml } from './html/comparison-page.ts'
export { type ProxiesPage, renderProxiesHtml } from './html/proxies-page.ts'
export { type LivePage, renderRunsHtml } from './html/runs-page.ts'
export { proxiesScript, runsScript } from './html/scripts.ts'
export { renderStoryHtml } from './html/story-page.ts'
export { stylesheet } from './html/stylesheet.ts'
export { printable, printableLines } from './operation-words.ts'
export type {
  Goodput,
  PlayedLedger,
  PlayedNode,
  PlayedStep,
  PlayedStory,
  PlayedVerdict,
  Sign,
  StoryTelling,
} from './played-story.ts'
export { type WrittenProof, whyUnproved } from './proof.ts'
export type { CodePlace, CodeRun, Race } from './race/code-run.ts'
export { databaseMember, type ObservedDatabase, type SharedDatabase } from './race/database.ts'
export { raceIn } from './race/race.ts'
export { accusedMember, raceJson, raceMember } from './race/race-json.ts'
export { unjudgedLine } from './record.ts'
export { type Finding, findingsOf } from './reporters/finding.ts'
export { jsonOf } from './reporters/json.ts'
export { addReporter, reporters } from './reporters/registry.ts'
export type { Place, Reporter } from './reporters/reporter.ts'
export { toJson } from './reporters/result-json.ts'
export type { FileSubject, RunSubject, SearchSubject, Subject } from './reporters/subject.ts'
export { htmlOf } from './reporters/subject-page.ts'
export { type ListedRun, listedRun, type RunFiles } from './runs/listed-run.ts'
export { type RunTelling, tellingOfHistory, tellingOfRun } from './telling/run-telling.ts'
export { answersOf } from './telling/telling.ts'
export type { CheckRow } from './terminal/check-page.ts'
export { colouredStyle } from './terminal/coloured-style.ts'
export type { FoundFailure, Size } from './terminal/search-page.ts'
export { type ReplaySummary, renderReplay } from './terminal/search-page.ts'
export { drawnSequence, type SequenceStep } from './terminal/sequence-diagram.ts'
export { sequenceColumns, sequenceSteps } from './terminal/sequence-steps.ts'
export type { Style, TerminalOptions } from './terminal/style.ts'
export { plainStyle } from './terminal/style.ts'
export { table } from './terminal/table.ts'
export { clip, fitLine } from './terminal/width.ts'
