export { check } from './check/check.ts'
export { decidedByStart } from './check/decided-by-start.ts'
export { createOnlineChecker } from './check/online.ts'
export { entryFor, entryOf, findModel, levelNames, levelsOf, meaningIn, models, usualModel } from './check/registry.ts'
export { requireUnderstood, unmetNeeds } from './check/understood.ts'
export type { OperationRow } from './encoding/operation-row.ts'
export { startOf, UNKNOWN_START } from './encoding/unknown-start.ts'
export type { ModelEntry, Need } from './judge/entry.ts'
export type { Others } from './judge/judge-consistency.ts'
export type { IntegerModel, Model, ModelInput } from './judge/model.ts'
export type { CheckOptions, ModelName, Semantics } from './judge/options.ts'
export type { ClockCost, LostWrite, Report, TransactionFacts } from './judge/report.ts'
export type { Bounds, Staleness } from './judge/staleness.ts'
export { consistency, type Level, levels } from './levels/levels.ts'
export { levelsInWords, rungs, wordsOfLevel } from './levels/words.ts'
export { limitedTo } from './limits/budget.ts'
export { modelEntry } from './object/own.ts'
export type { OnlineChecker, SoFar } from './online/checker.ts'
export { entriesOf, withMembers } from './online/held.ts'
export {
  type ApartAnswer,
  judgeApart,
  judgeLongKey,
  reportOfApart,
  reportOfKeys,
  reportUndecided,
  togetherApart,
  type ViolatedKey,
} from './parallel/apart.ts'
export { type BoardMemory, createBoardMemory } from './parallel/board.ts'
export type { Settled, SomeParts } from './parallel/own.ts'
export { decideOwnShard, mayBeSettled, reportOfSettled, settledBy } from './parallel/own.ts'
export {
  type JudgedShares,
  judgeBeside,
  judgeShare,
  mergeShares,
  type Plan,
  planShares,
  reportOfShares,
  type ShareAnswer,
  type ShareOptions,
  undecidedBeside,
  undecidedShare,
} from './parallel/shares.ts'
export { alikeKeys, hintsFor, startsByKey, textTokens, unknownOpening } from './record/hints.ts'
export { overwrittenNotes } from './record/overwritten.ts'
export { forms as isolationForms, impliesLevel, isolationLadder, isolations } from './transactions/levels/ladder.ts'
export { DECLARED } from './transactions/recorded/requested-levels.ts'
export { areStatements, asStatements } from './transactions/recorded/statements.ts'
export { assumptionNames, registerTransactions } from './transactions/registers/entry.ts'
export type { Accounted, Accounting } from './verdict/accounting.ts'
export { outOf, type Reason } from './verdict/reason.ts'
export type { DrawnTransaction, TransactionArrow, TransactionDrawing, TransactionStory } from './verdict/verdict.ts'
export { type Counterexample, type OrderEdge, type Uncut, type Verdict, verdictOf } from './verdict/verdict.ts'
