export type { ClusterChange } from './cluster-change.ts'
export { allMet, EXIT, type ExitCode, exitCodeFor } from './exit-code.ts'
export type { FaultSpan } from './fault-spans.ts'
export { faultSpans } from './fault-spans.ts'
export {
  areIsolation,
  type ComparedRung,
  comparedLevels,
  comparedRungs,
  foundLevel,
  foundText,
  judgedLevels,
  levelsNotOfModel,
  levelsOfModel,
  strongestMet,
  strongestOf,
} from './found.ts'
export { type Lease, leaseMember, leaseOfHeader } from './lease.ts'
export type { NodeState } from './node-state.ts'
export type { Pacelc } from './pacelc.ts'
export { AVAILABLE, isCut, isLinear, outlasts, pacelcOf } from './pacelc.ts'
export type { Parsed } from './parsed.ts'
export { memberAt, numberAt, RESULT_FORM, resultIn, textAt } from './parsed.ts'
export type { RequirementResult } from './requirement-result.ts'
export type { Baseline } from './requirements/baseline.ts'
export { judgeBaseline, parseBaseline, requireSameSubject } from './requirements/baseline.ts'
export { judgeExpectation, judgeRequirements } from './requirements/judge-requirements.ts'
export { levelsRequired, requireKnownFunctions } from './requirements/known-functions.ts'
export { measures } from './requirements/measures.ts'
export type { OwnJudgement, OwnLevel, RecordedOperation } from './requirements/own-level.ts'
export { addOwnLevel, ownLevelNames } from './requirements/own-level.ts'
export type { Probe, ProbeAnswer } from './requirements/probe.ts'
export { parseRequirement, REQUIREMENT_EXAMPLE } from './requirements/requirement.ts'
export type {
  Change,
  Expectation,
  FaultRecord,
  Heard,
  Lack,
  Listening,
  NodeMessage,
  NodeSummary,
  PhaseSummary,
  Recollection,
  RunSetup,
  RunSummary,
  RunViews,
} from './run-summary.ts'
export {
  isSecret,
  jsonWithoutSecrets,
  REMOVED,
  specWithoutSecrets,
  textWithoutSecrets,
  wordsWithoutSecrets,
} from './secrets.ts'
export {
  BEAT_EVERY_MS,
  createBeats,
  STOOD_STILL,
  type Standstill,
  standstillsOf,
  standstillText,
} from './standstills.ts'
export type { Statistics } from './statistics.ts'
export { quantile, statisticsOf } from './statistics.ts'
