export { check } from './check.ts'
export { followsFrom, headlineOf } from './headline.ts'
export type { Ladder } from './levels/ladder.ts'
export type { Level } from './levels/levels.ts'
export { consistency, implied, levels } from './levels/levels.ts'
export type { ModelEntry, Need } from './models/entry.ts'
export type { IntegerModel, Model, ModelInput } from './models/model.ts'
export { modelEntry } from './models/own.ts'
export { entryOf, findModel, levelNames, levelsOf, models } from './models/registry.ts'
export type { Accounted, Accounting } from './objects/accounting.ts'
export type { OnlineChecker, OnlineOptions, OnlineViolation, SoFar } from './online/checker.ts'
export { createOnlineChecker } from './online/checker.ts'
export type { OperationRow } from './operation-row.ts'
export type { CheckOptions, ModelName } from './options.ts'
export type { BoardMemory } from './parallel/board.ts'
export { createBoardMemory } from './parallel/board.ts'
export type { JudgedShares, Plan, ShareAnswer, ShareOptions } from './parallel/shares.ts'
export {
  judgeBeside,
  judgeShare,
  mergeShares,
  planShares,
  reportOfShares,
  undecidedBeside,
  undecidedShare,
} from './parallel/shares.ts'
export type { Others } from './registers.ts'
export type { LostWrite, Report } from './report.ts'
export type { Percentiles, ReadStaleness, Staleness } from './staleness/measure.ts'
export { measureStaleness, stalenessOfReads } from './staleness/measure.ts'
export type { Bounds } from './staleness/versions.ts'
export { isUnknownStart, UNKNOWN_START } from './start/unknown.ts'
export type {
  Counterexample,
  CounterexampleOperation,
  OrderEdge,
  Uncut,
  Verdict,
  Verdicts,
  Witness,
  WitnessOrder,
} from './verdict.ts'
export { verdictOf } from './verdict.ts'
