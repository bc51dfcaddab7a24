export { isAnswered } from './answered.ts'
export { asciiOnly } from './ascii.ts'
export { HistoryBuilder } from './builder.ts'
export { CLOCK_BROKEN, type ClockReadings } from './clocks.ts'
export { elementsOf, shownText } from './codecs/edn-values.ts'
export { parseJson } from './codecs/json-text.ts'
export { printJsonHeader, printJsonLine } from './codecs/jsonl.ts'
export { hasConcurrency } from './concurrency.ts'
export { isTooDeep, TOO_DEEP } from './depth.ts'
export { type Ordering, USUAL_TOLERANCE_NANOS } from './disorder.ts'
export { UserError, type UserErrorCode } from './error.ts'
export type { ErrorMeaning } from './error-meaning.ts'
export type { Event, EventInput, EventType, Header, Json, Process, SessionSource } from './event.ts'
export { count, duration, percent, plural, rate } from './figures.ts'
export { type Format, formats } from './format.ts'
export { historyFromEvents } from './from-events.ts'
export { historyFromObjects } from './from-objects.ts'
export { harmlessOutput, printable, printableLines } from './harmless-text.ts'
export { type History, inputOf, operationsIn, outputOf, placeIn } from './history.ts'
export {
  FAIL,
  FLAG_ANSWERED,
  FLAG_FINAL,
  FLAG_NO_RESULT,
  FLAG_UNSAID,
  FLAG_VERSION,
  INFO,
  OK,
  type Operations,
} from './history-columns.ts'
export { answerCounts, type Completion, type Input, isAnswer } from './input.ts'
export { keyName } from './key-numbers.ts'
export { borrowHistory } from './lending.ts'
export type { LentHistory } from './lent-history.ts'
export { type Mark, type PassedOn, RECORD_END } from './marks.ts'
export { float64Array, int32Array, uint8Array } from './memory.ts'
export { oncePerHistory } from './once-per-history.ts'
export { CannotPack } from './packed/cannot-pack.ts'
export { joinStretches, type ReadStretch } from './packed/join.ts'
export { eachPartOfKey, operationsByKey } from './packed/parts-of-key.ts'
export { type Tally, tallyOf } from './packed/tally.ts'
export { historyOfPlace, historyOfTally } from './packed/unpacked.ts'
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
} from './placed-texts.ts'
export { fillPlaceholders, literally, type Placeholders } from './placeholders.ts'
export { isClient } from './processes.ts'
export { UNNAMED } from './sessions.ts'
export { didYouMean, nearest } from './suggest.ts'
export { type Millis, millis, millisToNanos, type Nanos, nanos, nanosToMillis } from './units.ts'
export { canonical, NULL, type ValueId, ValueTable } from './value.ts'
