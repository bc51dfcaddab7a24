import {
  clientName,
  functionOf,
  type History,
  inputError,
  inputOf,
  isObject,
  type Json,
  outcomeName,
  outputOf,
} from '@chaosproxy/history'

/** An operation for user-defined levels. Times are nanoseconds since the record began. */
export interface RecordedOperation {
  readonly client: string
  readonly f: string
  /** The key; null if the operation has none. */
  readonly key: string | null
  readonly input: Json
  /** The value returned, or else the input. */
  readonly output: Json
  /** `fail` means that the operation had no effect, `info` that its effect is unknown. */
  readonly outcome: 'ok' | 'fail' | 'info'
  readonly calledAt: number
  /** Time of the return; Infinity if the operation never returned. */
  readonly returnedAt: number
}

/** The verdict on a user-defined level. If it is unknown, `why` says what the history lacks. */
export type OwnJudgement =
  | { readonly met: boolean; readonly found: string }
  | { readonly met: 'unknown'; readonly why: string }

/** A user-defined level, a function of the operations in the order of their calls. */
export interface OwnLevel {
  readonly name: string
  readonly summary: string
  judge(operations: readonly RecordedOperation[]): OwnJudgement
}

const levels = new Map<string, OwnLevel>()

export const ownLevelNames = (): readonly string[] => [...levels.keys()]

export const ownLevel = (name: string): OwnLevel | undefined => levels.get(name)

export function addOwnLevel(level: OwnLevel): void {
  levels.set(level.name, level)
}

/** @throws UserError (input) if the user's own `judge` function returns something other than a judgement. */
export function judgeOwnLevel({ name, judge }: OwnLevel, history: History): OwnJudgement {
  if (history.tally !== undefined)
    return { met: 'unknown', why: 'only counts of operations were kept, and this level needs the operations' }
  const { length } = history.operations
  const judgement: unknown = judge(Array.from({ length }, (_, row) => recordedOperation(history, row)))
  if (isJudgement(judgement)) return judgement
  throw inputError(
    `the level ${name} returned ${JSON.stringify(judgement)}. Return { met: true or false, found: a string }, or { met: 'unknown', why: a string }.`,
  )
}

const isJudgement = (value: unknown): value is OwnJudgement =>
  isObject(value) &&
  (value['met'] === 'unknown'
    ? typeof value['why'] === 'string'
    : typeof value['met'] === 'boolean' && typeof value['found'] === 'string')

function recordedOperation(history: History, row: number): RecordedOperation {
  const { process, key, callTime, returnTime } = history.operations
  return {
    client: clientName(history, process[row] ?? 0),
    f: functionOf(history, row),
    key: history.keys[key[row] ?? -1] ?? null,
    input: inputOf(history, row),
    output: outputOf(history, row),
    outcome: outcomeName(history, row),
    calledAt: callTime[row] ?? 0,
    returnedAt: returnTime[row] ?? Number.POSITIVE_INFINITY,
  }
}
