export { createLiveJudge, type Judged, type LiveJudge, type LiveViolation, violationText } from './live-judge.ts'
export { createClockBounds, driveShare, type LoadEntry, type RemoteLoad } from './load/index.ts'
export { currentLeader } from './nemesis-loop.ts'
export type {
  Client,
  Clock,
  Cluster,
  Concluded,
  FaultNoticed,
  Heal,
  Healed,
  Injected,
  LostContact,
  ObservedClients,
  Request,
  WireEvent,
  WireRecorder,
  WireSink,
} from './ports.ts'
export { protocolTarget } from './protocol-target.ts'
export { type Progress, type RunHandle, startRun } from './run.ts'
export type { RunOptions } from './run-options.ts'
export type { RunOutcome } from './run-outcome.ts'
export { type Played, type PlayOptions, playScenario } from './scenario/play.ts'
export { keysOf, type PlannedFault, type PlannedOperation, type Scenario, scheduleOf } from './scenario/scenario.ts'
export { swapNodes } from './scenario/swap-nodes.ts'
export { hasReadNothing, proves, type Signs, signsOf } from './signs.ts'
export { askedOf, type OpenLoad, type PerformOptions, performRun, runOptionsOf } from './spec/perform.ts'
export { count, duration } from './spec/quantities.ts'
export type { ObservedParts, Registries, TrafficRunSpec } from './spec/registries.ts'
export { type PlannedRun, planRun } from './spec/resolve.ts'
export {
  completeRun,
  DEFAULT_TARGET,
  DEFAULT_WORKLOAD,
  mergeDrafts,
  nameIn,
  parseRunDraft,
  settingsIn,
  usualWorkload,
} from './spec/run-draft.ts'
export type { RunEvent, RunListener } from './spec/run-event.ts'
export type { NamedPart, RunDraft, RunSpec } from './spec/run-spec.ts'
export { draftEntries, memberText, parseRunSpec, RUN_DEFAULTS, runMembers, withNames } from './spec/run-spec.ts'
export type { OpenRecord, RunStore } from './spec/run-store.ts'
export { type JudgedRun, runPlanned } from './spec/run-test.ts'
export { schemaProblems } from './spec/schema-problems.ts'
export type { TrafficServer, TrafficSpec } from './spec/traffic-spec.ts'
export type {
  AskedOperations,
  Elsewhere,
  MissingProgram,
  Offer,
  PromiseQuestion,
  StartedCluster,
  StartOptions,
  Suffering,
  Target,
} from './target.ts'
export { findVacuity, idleKinds, missingSuccesses, withoutObservation } from './vacuity.ts'
