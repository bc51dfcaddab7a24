import {
  clientName,
  FAIL,
  functionOf,
  type History,
  inputError,
  inputOf,
  type Json,
  OK,
  outputOf,
} from '@chaosproxy/history'

/** An operation as a level of one's own reads it. Times are nanoseconds since the record began. */
export interface RecordedOperation {
  readonly client: string
  readonly f: string
  /** Null if it has none. */
  readonly key: string | null
  readonly input: Json
  /** The value returned; the input if nothing returned. */
  readonly output: Json
  /** `fail`: it had no effect; `info`: its effect is unknown. */
  readonly outcome: 'ok' | 'fail' | 'info'
  readonly calledAt: number
  /** Infinity if it never returned. */
  readonly returnedAt: number
}

/** What a level of one's own says of a history: `found` is the evidence, `why` what the history lacks. */
export type OwnJudgement =
  | { readonly met: boolean; readonly found: string }
  | { readonly met: 'unknown'; readonly why: string }

/** A level of one's own: a function of the operations, in the order of their calls. `--require NAME` asks for it. */
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

/** @throws UserError (input) if the level answers in another form. */
export function judgeOwnLevel({ name, judge }: OwnLevel, history: History): OwnJudgement {
  if (history.tally !== undefined)
    return { met: 'unknown', why: 'the operations of this history are counted, and not kept' }
  const { length } = history.operations
  const told = judge(Array.from({ length }, (_, row) => recordedOperation(history, row)))
  if (
    told.met === 'unknown'
      ? typeof told.why === 'string'
      : typeof told.met === 'boolean' && typeof told.found === 'string'
  )
    return told
  throw inputError(
    `the level ${name} returned ${JSON.stringify(told)}. Return { met: true or false, found: a text }, or { met: 'unknown', why: a text }.`,
  )
}

function recordedOperation(history: History, row: number): RecordedOperation {
  const { process, key, outcome, callTime, returnTime } = history.operations
  const ended = outcome[row]
  return {
    client: clientName(history, process[row] ?? 0),
    f: functionOf(history, row),
    key: history.keys[key[row] ?? -1] ?? null,
    input: inputOf(history, row),
    output: outputOf(history, row),
    outcome: ended === OK ? 'ok' : ended === FAIL ? 'fail' : 'info',
    calledAt: callTime[row] ?? 0,
    returnedAt: returnTime[row] ?? Number.POSITIVE_INFINITY,
  }
}
