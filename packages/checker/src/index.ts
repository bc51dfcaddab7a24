export { check } from './check.ts'
export { followsFrom, headlineOf } from './headline.ts'
export type { Level } from './level.ts'
export { implied, levels } from './level.ts'
export type { Input, IntegerModel, Model } from './models/model.ts'
export { findModel, models } from './models/registry.ts'
export type { Accounted, Accounting } from './objects/accounting.ts'
export type { ModelEntry } from './objects/object-model.ts'
export type { OnlineChecker, OnlineOptions, OnlineViolation, SoFar } from './online/checker.ts'
export { createOnlineChecker } from './online/checker.ts'
export type { CheckOptions, ModelName } from './options.ts'
export { modelNames } from './options.ts'
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
export type { Percentiles, ReadStaleness, Staleness } from './staleness/measure.ts'
export { measureStaleness, stalenessOfReads } from './staleness/measure.ts'
export type { Bounds } from './staleness/versions.ts'
export { isUnknownStart, UNKNOWN_START } from './start/unknown.ts'
export type {
  Counterexample,
  CounterexampleOperation,
  LostWrite,
  OperationRow,
  OrderEdge,
  Report,
  Uncut,
  Verdict,
  Witness,
  WitnessOrder,
} from './verdict.ts'
