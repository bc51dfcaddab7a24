import {
  FLAG_FINAL,
  FLAG_NO_RESULT,
  FLAG_UNSAID,
  type History,
  hasTimes,
  inputOf,
  type Json,
  OK,
  type Operations,
  outputOf,
  replacesWhole,
} from '@chaosproxy/history'
import {
  type ProofHead,
  type History as ReadText,
  Refused,
  readHistory,
  textOf,
  Undecided,
  Unreadable,
} from '@chaosproxy/verifier'
import { casValuesOf, withCompleteCas } from '../encoding/cas-values.ts'
import { APPEND, microKind } from '../transactions/record/record.ts'

export type Judging = Pick<ProofHead, 'model' | 'initial' | 'failedCas'>

/** A history in the form in which it was judged, and the line of each operation. */
export interface JudgedLines {
  readonly text: string
  /** By row: the line of the operation's invocation. */
  readonly lineOf: Int32Array
  /** The history as the verifier parsed it. */
  readonly read: ReadText
}

/**
 * Writes a history in the form in which it was judged: one event per line, with the key and the value in separate
 * members and, if clients are known, the client of the process as `session`.
 *
 * @param rows the operations to write; all operations if undefined
 * @returns undefined if events cannot express the history: uncertain times, marks of a recorder, or special values
 * @throws Undecided, Unreadable or Refused if the verifier cannot read it
 */
export function judgedLines(recorded: History, rows?: readonly number[]): JudgedLines | undefined {
  const history = withCompleteCas(recorded) ?? recorded
  const { operations, clocks, marks, transactionNotes, functions, keys } = history
  if (clocks !== undefined || marks.length > 0 || transactionNotes !== undefined) return undefined
  const { length, process, f, key, flags, outcome, callEvent, returnEvent, callTime, returnTime } = operations
  // Times matter only for leases, because these expire.
  const isTimed = functions.includes('take') && hasTimes(history)
  const lineOf = new Int32Array(length)
  // Lines contain the names of processes. Two different processes may have the same name: 1 and "1" are both named "1".
  const processes = new Set(process.subarray(0, length))
  if (new Set(Array.from(processes, history.processName)).size < processes.size) return undefined
  const answerOf = answersWithNil(history)
  const at = new Map<number, number>()
  for (const row of rows ?? callEvent.subarray(0, length).keys()) {
    const isUnknown = outcome[row] !== OK || casValuesOf(outputOf(history, row))?.is === 'half'
    if ((flags[row] & FLAG_UNSAID) !== 0 && isUnknown) return undefined
    at.set(callEvent[row], row)
    if (returnEvent[row] >= 0) at.set(returnEvent[row], ~row)
  }
  // The header's `sessions` tells the verifier whether the lines name their clients.
  const { sessions } = recorded.header ?? {}
  const headers = sessions === undefined ? [] : [{ chaos: 1, sessions }]
  const lines = [...at.keys()]
    .sort((a, b) => a - b)
    .map((position, index) => {
      const event = at.get(position) ?? 0
      const row = event < 0 ? ~event : event
      const client = history.sessionOf(process[row])
      const named = history.hasSessions && client >= 0 ? { session: history.sessionName(client) } : {}
      const of = {
        ...{ process: history.processName(process[row]), f: functions[f[row]] ?? '' },
        ...(key[row] < 0 ? {} : { key: keys[key[row]] }),
      }
      if (event >= 0) {
        lineOf[row] = headers.length + index + 1
        const final = (flags[row] & FLAG_FINAL) === 0 ? {} : { final: true }
        // If the invocation of a write lacks the value, its answer has it.
        const value = isInputMissing(flags[row], of.f) ? outputOf(history, row) : inputOf(history, row)
        return { ...of, type: 'invoke', value, ...named, ...final, ...(isTimed ? { time: callTime[row] } : {}) }
      }
      const value: { readonly value?: Json } =
        (flags[row] & FLAG_NO_RESULT) === 0 ? { value: answerOf(outputOf(history, row)) } : {}
      return { ...of, type: outcomes[outcome[row]], ...value, ...(isTimed ? { time: returnTime[row] } : {}) }
    })
  const text = [...headers, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('')
  return { text, lineOf, read: readHistory([text]) }
}

/**
 * Returns a function that completes the reads without a value in the answer of a transaction. If the history is in EDN
 * and has transactions of lists, such reads were judged as reads of nil, so nil is added. Otherwise the answer is left
 * unchanged: in JSON, the value is unknown.
 */
function answersWithNil({ format, values }: History): (answer: Json) => Json {
  const areLists = values.microOperations()?.kinds.some((kind) => microKind(kind) === APPEND)
  if (format !== 'edn' || areLists !== true) return (answer) => answer
  const isNil = (step: Json): step is readonly Json[] => Array.isArray(step) && step.length === 2
  return (answer) => (Array.isArray(answer) ? answer.map((step) => (isNil(step) ? [...step, null] : step)) : answer)
}

/** Returns the first property of the history, other than its events, that the verifier cannot read. */
function whyNotLines({ clocks, marks: [mark], transactionNotes }: History): string {
  if (clocks?.stamps !== undefined)
    return 'events with equal or close times are in no order, and chaos verify reads events in one order'
  if (clocks !== undefined) return 'the history has several clocks, and chaos verify reads histories of one clock'
  if (transactionNotes !== undefined)
    return 'the record has statements and locks of its transactions, which chaos verify does not read'
  if (mark === undefined)
    return 'the record lacks a value that only the server knows, or it uses one name for two processes'
  return `the record marks ${mark.what} at line ${mark.line}, which is not an operation, and chaos verify reads only operations`
}

/** Returns the history as `judgedLines` writes it, or the reason why the verifier cannot read it. */
export function readLines(history: History, rows?: readonly number[]): JudgedLines | { readonly why: string } {
  try {
    return judgedLines(history, rows) ?? { why: whyNotLines(history) }
  } catch (error) {
    if (isOfVerifier(error)) return { why: error.message }
    throw error
  }
}

const isOfVerifier = (error: unknown): error is Error =>
  error instanceof Undecided || error instanceof Unreadable || error instanceof Refused

/** Returns the file's own lines if the verifier reads exactly the judged history from them. */
export function asWritten(history: History, text: string, judging: Judging): JudgedLines | undefined {
  const { operations, keys, functions, files, clocks, taken, hasSessions } = history
  if (files !== undefined || clocks !== undefined || taken !== undefined || hasSessions) return undefined
  const { length, callLine, f, key, outcome, flags } = operations
  try {
    const read = readHistory([text])
    const isSame = (row: number): boolean => {
      const operation = read.byLine[callLine[row]]
      return (
        operation?.f === functions[f[row]] &&
        !isInputMissing(flags[row], operation.f) &&
        operation.key === textOf(key[row] < 0 ? null : keys[key[row]]) &&
        operation.outcome === outcomes[outcome[row]]
      )
    }
    const { model = judging.model, initial = judging.initial } = read.header
    const isReadSo = model === judging.model && textOf(initial) === textOf(judging.initial)
    const isReadAlike = isReadSo && withCompleteCas(history) === undefined
    const isWhole = isReadAlike && read.operations.length === length && isInOrder(operations)
    return isWhole && callLine.subarray(0, length).every((_, row) => isSame(row))
      ? { text, lineOf: callLine, read }
      : undefined
  } catch (error) {
    if (isOfVerifier(error)) return undefined
    throw error
  }
}

/** Whether an operation writes a value that its invocation does not contain. */
const isInputMissing = (flags: number, f: string): boolean =>
  (flags & FLAG_UNSAID) !== 0 && (replacesWhole(f) || f === 'cas')

function isInOrder({ length, callEvent, returnEvent, callLine, returnLine }: Operations): boolean {
  const lines: number[] = []
  for (let row = 0; row < length; row++) {
    lines[callEvent[row]] = callLine[row]
    if (returnEvent[row] >= 0) lines[returnEvent[row]] = returnLine[row]
  }
  return lines.every((line, at) => at === 0 || lines[at - 1] < line)
}

const outcomes = ['ok', 'fail', 'info'] as const
