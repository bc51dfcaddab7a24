export { drive, heal, type RunHandle, runOptionsOf } from './drive.ts'
export { createLiveJudge, NOTHING_RECORDED, violationText } from './judge/live-judge.ts'
export { hasReadNothing, proves, type Signs, signsOf } from './judge/signs.ts'
export { findVacuity, idleFaults, missingSuccesses, withoutObservation } from './judge/vacuity.ts'
export { createClockBounds } from './load/clock-bounds.ts'
export { driveShare } from './load/drive-share.ts'
export type { LoadEntry, RemoteLoad } from './load/remote-load.ts'
export { currentLeader } from './nemesis/nemesis-loop.ts'
export { type JudgedRunOptions, performRun, type UnjudgedRunOptions } from './perform-run.ts'
export { promiseOf } from './plan/plan-faults.ts'
export { type ObservedParts, type PlannedRun, planRun, type Registries, type TrafficRunSpec } from './plan/plan-run.ts'
export {
  completeRun,
  DEFAULT_TARGET,
  DEFAULT_WORKLOAD,
  draftIn,
  mergeDrafts,
  nameIn,
  parseRunDraft,
  settingsIn,
  usualWorkload,
} from './plan/run-draft.ts'
export type { NamedPart, RunDraft } from './plan/run-spec.ts'
export { draftEntries, memberText, parseRunSpec, RUN_DEFAULTS, runMembers, withNames } from './plan/run-spec.ts'
export { count, duration, schemaProblems } from './plan/schema.ts'
export type * from './ports/cluster.ts'
export type { Judged, LiveJudge } from './ports/live-judge.ts'
export type { JudgedRun, OpenRecord, RunOptions, RunStore } from './ports/run-options.ts'
export type { RunOutcome } from './ports/run-outcome.ts'
export type {
  DeclaredBeginning,
  Elsewhere,
  FaultSupport,
  MissingProgram,
  NodeCommand,
  Offer,
  PromiseQuestion,
  Rehearsal,
  RequestedOperations,
  StartedCluster,
  StartOptions,
  Target,
  WeaknessQuestion,
} from './ports/target.ts'
export { protocolTarget } from './protocol-target.ts'
export { readLast } from './read-last.ts'
export { inMemory } from './record.ts'
export type { RunSpec, TrafficServer, TrafficSpec } from './result/run-spec.ts'
export type { Progress, RunEvent, RunListener } from './run-event.ts'
export { type Played, type PlayOptions, playScenario } from './scenario/play.ts'
export {
  keysOf,
  type PlannedFault,
  type PlannedOperation,
  type Scenario,
  scheduleOf,
  swapNodes,
} from './scenario/scenario.ts'
export { type OpenLoad, requestedOperations } from './start.ts'
