export { HistoryBuilder, historyFromEvents } from './builder/builder.ts'
export { type Ordering, USUAL_TOLERANCE_NANOS } from './builder/disorder.ts'
export { displayText, elementsOf } from './codecs/edn-values.ts'
export { historyFromObjects } from './codecs/from-objects.ts'
export { isObject, membersOf, parseJson } from './codecs/json-text.ts'
export { printJsonHeader, printJsonLine } from './codecs/jsonl.ts'
export * from './columns/history-columns.ts'
export { type Tally, tallyOf } from './columns/tally.ts'
export { CLOCK_BROKEN, type ClockReadings } from './event/clocks.ts'
export { isTooDeep, memberOf, TOO_DEEP } from './event/depth.ts'
export {
  CannotPack,
  type ErrorMeaning,
  environmentError,
  errorText,
  inputError,
  UserError,
  type UserErrorCode,
  usageError,
} from './event/error.ts'
export type { Event, EventInput, EventType, Header, Json, Process, SessionSource, Stamps } from './event/event.ts'
export { type Format, formats } from './event/event.ts'
export { answerCounts, type Completion, type Input, isAnswer, writtenValue } from './event/input.ts'
export { type Mark, type PassedOn, RECORD_END, type RowLock, type TransactionNote } from './event/marks.ts'
export { keyWarning, mayBe } from './event/taken.ts'
export { type Millis, millis, millisToNanos, type Nanos, nanos, nanosToMillis } from './event/units.ts'
export { type Caller, callerInWords, clientInWords, clientName } from './history/client-names.ts'
export * from './history/history.ts'
export { borrowHistory, type LentHistory } from './history/lending.ts'
export { answeredAt, calledAt, hasConcurrency, hasTimes, lastTime } from './history/moments.ts'
export { foundOrMade, oncePerHistory } from './history/once-per-history.ts'
export { type ObjectUse, Overwrites } from './history/overwrites.ts'
export { type Meaning, mayChange, meaningOf, readsWhole, replacesWhole, withArticle } from './operations/meaning.ts'
export { joinStretches, type ReadStretch } from './packed/join.ts'
export { eachPartOfKey, operationsByKey } from './packed/parts-of-key.ts'
export { historyOfPlace, historyOfTally } from './packed/unpacked.ts'
export { keyName } from './tables/key-numbers.ts'
export type { Lists } from './tables/lists.ts'
export { float64Array, int32Array, uint8Array } from './tables/memory.ts'
export {
  areSame,
  endOf,
  HASH_OF_QUOTE,
  hasBackslash,
  mixed,
  type PlacedTexts,
  pageOf,
  QUOTE,
  quotedTextAt,
  startOf,
} from './tables/placed-texts.ts'
export { isClient } from './tables/processes.ts'
export { UNNAMED } from './tables/sessions.ts'
export { isTransaction, NO_MICRO_VALUE, transactionNames } from './tables/transactions.ts'
export { canonical, NULL, type ValueId, ValueTable } from './tables/value.ts'
export { asciiOnly } from './text/ascii.ts'
export { amountText, byName, count, duration, moment, momentInMillis, percent, plural, rate } from './text/figures.ts'
export { harmlessOutput, printable, printableLines } from './text/harmless-text.ts'
export { addressText, fillPlaceholders, literally, type Placeholders } from './text/placeholders.ts'
export { didYouMean, nearest } from './text/suggest.ts'
