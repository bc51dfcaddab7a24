export { limitedTo } from './budget.ts'
export { check } from './check.ts'
export type { Level } from './levels/levels.ts'
export { consistency, levels } from './levels/levels.ts'
export { rungs, wordsOfLevel } from './levels/words.ts'
export type { ModelEntry, Need } from './models/entry.ts'
export type { IntegerModel, Model, ModelInput } from './models/model.ts'
export { modelEntry } from './models/own.ts'
export { entryOf, findModel, levelNames, levelsOf, models } from './models/registry.ts'
export type { Accounted, Accounting } from './objects/accounting.ts'
export type { OnlineChecker, SoFar } from './online/checker.ts'
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
export { checkPart } from './part/check-part.ts'
export type { PartVerdict } from './part/verdict.ts'
export type { Others } from './registers.ts'
export type { Report } from './report.ts'
export type { Staleness } from './staleness/measure.ts'
export type { Bounds } from './staleness/versions.ts'
export { UNKNOWN_START } from './start/unknown.ts'
export type { Counterexample, OrderEdge, Uncut, Verdict } from './verdict.ts'
export { verdictOf } from './verdict.ts'
