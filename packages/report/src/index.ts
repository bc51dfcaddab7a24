export type { ComparedCell, ComparedSystem, Comparison, Latency, Pacelc, Spread } from './comparison.ts'
export { type Difference, differenceOf } from './difference/difference.ts'
export { type Explained, type ExplainInput, explain } from './explanation/explained.ts'
export { faultSpans } from './fault-spans.ts'
export { renderComparisonHtml } from './html/comparison-page.ts'
export { renderStoryHtml } from './html/story-page.ts'
export { toJson } from './json.ts'
export { printable, printableLines } from './operation-words.ts'
export { isCut, outlasts, pacelcOf } from './pacelc.ts'
export { isParsed, type Parsed, resultIn } from './parsed.ts'
export { type Finding, findingsOf } from './reporters/finding.ts'
export { htmlOf } from './reporters/html.ts'
export { jsonOf } from './reporters/json.ts'
export { reporters } from './reporters/registry.ts'
export type { Place, Reporter, Told } from './reporters/reporter.ts'
export type {
  ComparisonSubject,
  FileSubject,
  RunSubject,
  SearchSubject,
  StorySubject,
  Subject,
} from './reporters/subject.ts'
export {
  type Baseline,
  judgeBaseline,
  parseBaseline,
  RESULT_FORM,
  requireSameSubject,
} from './requirements/baseline.ts'
export { judgeRequirements } from './requirements/judge-requirements.ts'
export { requireKnownFunctions } from './requirements/known-functions.ts'
export { firstAnswerAfter, measures } from './requirements/measures.ts'
export { PROBE_EXAMPLES, type Probe, type ProbeAnswer } from './requirements/probe.ts'
export { parseRequirement, REQUIREMENT_EXAMPLE } from './requirements/requirement.ts'
export { allMet, type RequirementResult } from './requirements/result.ts'
export type {
  Expectation,
  FaultRecord,
  NodeSummary,
  PhaseSummary,
  RunConfig,
  RunSummary,
  RunViews,
} from './run-summary.ts'
export * from './secrets.ts'
export { countOperations } from './statistics.ts'
export type { CheckRow } from './terminal/check-page.ts'
export { renderComparison } from './terminal/comparison-page.ts'
export { renderDifference } from './terminal/difference-page.ts'
export { renderExplained } from './terminal/explained-page.ts'
export type { FoundFailure, Size } from './terminal/search-page.ts'
export { renderReplay } from './terminal/search-page.ts'
export type { SequenceStep } from './terminal/sequence-diagram.ts'
export { sequenceColumns, sequenceSteps } from './terminal/sequence-steps.ts'
export { renderStory } from './terminal/story-page.ts'
export type { Style, TerminalOptions } from './terminal/style.ts'
export { colouredStyle, plainStyle } from './terminal/style.ts'
export type { Goodput, Sign, Telling, ToldStep, ToldStory, ToldVerdict } from './told-story.ts'
export { plural } from './words.ts'
