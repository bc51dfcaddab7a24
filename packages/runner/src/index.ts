export { judgeExpectation } from './judge.ts'
export { currentLeader } from './nemesis-loop.ts'
export type {
  Cancel,
  Client,
  Clock,
  Cluster,
  ClusterStatus,
  Heal,
  Healed,
  HistorySink,
  Injected,
  MissedInvocation,
  Request,
  WireRecorder,
  WireSink,
} from './ports.ts'
export { protocolTarget } from './protocol-target.ts'
export type { LiveCounts } from './recorder.ts'
export type { Progress, RunHandle, RunOptions, RunOutcome, RunStage } from './run.ts'
export { startRun } from './run.ts'
export type { Played, Playing, PlayOptions } from './scenario/play.ts'
export { playScenario } from './scenario/play.ts'
export type { PlannedFault, PlannedOperation, Scenario } from './scenario/scenario.ts'
export { keysOf, scheduleOf } from './scenario/scenario.ts'
export { swapNodes } from './scenario/swap-nodes.ts'
export type { PerformOptions } from './spec/perform.ts'
export { performRun } from './spec/perform.ts'
export type { Registries } from './spec/registries.ts'
export type { PlannedRun } from './spec/resolve.ts'
export { planRun, scheduleOfRun } from './spec/resolve.ts'
export type { RunEvent, RunListener } from './spec/run-event.ts'
export type { RunSpec } from './spec/run-spec.ts'
export { memberText, parseRunSpec } from './spec/run-spec.ts'
export type { RunStore } from './spec/run-store.ts'
export type { JudgedRun, RunTestOptions } from './spec/run-test.ts'
export { runPlanned, runTest } from './spec/run-test.ts'
export { schemaProblems } from './spec/schema-problems.ts'
export type { AskedOperations, Mistake, StartedCluster, StartOptions, Suffering, Target } from './target.ts'
export { idleKinds, missingSuccesses } from './vacuity.ts'
