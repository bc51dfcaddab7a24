import type { Counterexample, OperationRow, OrderEdge } from '@chaosproxy/checker'
import {
  amountText,
  canonical,
  clientInWords,
  clientName,
  displayText,
  elementsOf,
  FAIL,
  FLAG_FINAL,
  functionOf,
  type History,
  inputOf,
  isObject,
  type Json,
  type Meaning,
  meaningOf,
  OK,
  type Operations,
  outputOf,
  printable,
  readsWhole,
  writtenValue,
} from '@chaosproxy/history'

export { functionOf, outcomeName, printable, printableLines } from '@chaosproxy/history'

/** Makes a name printable, and truncates a long name. */
export const nameText = (name: string, most: number = 60): string => clipped(printable(name), most)

/** Returns words about a key, such as ` to x`; empty without a key. */
export const ofKey = (word: string, key: string | undefined, most: number = 24): string =>
  key === undefined ? '' : ` ${word} ${nameText(key, most)}`

const clipped = (text: string, most: number = 60): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`

/**
 * Returns a value as JSON. If it is too long, truncates it. Leaves out the middle of a list or a token, because lists
 * and tokens differ at their ends.
 */
export function valueText(value: Json, most: number = 28): string {
  const text = printable(value === undefined ? 'null' : displayText(value))
  if (text.length <= most) return text
  const ends =
    isList(value) && value.length > SHORT_LIST
      ? printable(
          `[${JSON.stringify(value[0])},…,${[value.at(-2) ?? null, value.at(-1) ?? null].map((each) => JSON.stringify(each)).join()}]`,
        )
      : text
  if (ends.length <= most) return ends
  // In a long text without spaces, only the middle is left out. Such texts are often generated, and differ at their
  // beginning or end.
  const isToken = typeof value === 'string' && !/\s/.test(value)
  if (!isToken) return `${text.slice(0, most - 1)}…`
  const kept = Math.floor((most - 1) / 2)
  return `${text.slice(0, most - 1 - kept)}…${text.slice(text.length - kept)}`
}

/** Returns a value with its key: `x = 7`. */
export const keyedText = (
  { key, value }: { readonly key?: string | undefined; readonly value: Json },
  most?: number,
): string => `${key === undefined ? '' : `${printable(key)} = `}${valueText(value, most)}`

const SHORT_LIST = 4

export function processText(history: History, process: number): string {
  const name = nameText(clientName(history, process))
  return /^\d+$/.test(name) ? `p${name}` : name
}

export const clientOf = (history: History, operation: number): string =>
  processText(history, history.operations.process[operation] ?? 0)

/** Returns the client in words: `process 4`, or `client c4`. */
export const clientOfInWords = (history: History, operation: number): string =>
  printable(clientInWords(history, history.operations.process[operation] ?? 0))

export function keyOf(history: History, operation: number): string | undefined {
  const key = history.operations.key[operation] ?? -1
  return key < 0 ? undefined : history.keys[key]
}

export function nodeOf(history: History, operation: number): string | undefined {
  const node = history.operations.node[operation] ?? -1
  return node < 0 ? undefined : history.nodes[node]
}

export const isFinal = (history: History, operation: number): boolean =>
  ((history.operations.flags[operation] ?? 0) & FLAG_FINAL) !== 0

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

/** Returns the request: `write 7`, `read`, `cas 3→4`; with the key, `write y 7`. */
export function requestText(history: History, operation: number, options: { readonly withKey: boolean }): string {
  const f = printable(functionOf(history, operation))
  const input = inputOf(history, operation)
  const key = options.withKey ? keyOf(history, operation) : undefined
  const name = [isFinal(history, operation) ? `final ${f}` : f, key === undefined ? [] : nameText(key)].flat().join(' ')
  if (f === 'cas' && isList(input) && input.length === 2)
    return `${name} ${valueText(input[0] ?? null, 12)}→${valueText(input[1] ?? null, 12)}`
  // A cas without an expected value: only its answer can show the replaced value.
  if (f === 'cas' && isList(input) && input.length === 1) return `${name} →${valueText(input[0] ?? null)}`
  const steps = stepsOf(f, input)
  if (steps.length > 0) {
    const texts = steps.map(([does, of, value]) => (does === 'read' ? `read ${of}` : `${does} ${of} ${value}`))
    return `${name} ${clipped(texts.join(', '))}`
  }
  const transfer = transferText(input)
  return input === null ? name : `${name} ${transfer ?? valueText(input)}`
}

/** Returns the reads and writes of a transaction in words: what it does, the key, and the value. */
function stepsOf(f: string, value: Json): readonly (readonly [does: string, key: string, value: string])[] {
  if (f !== 'txn' || !isList(value)) return []
  return value.flatMap((step) => {
    const [does, key, last = null] = isList(step) ? step : []
    const name = typeof key === 'string' ? nameText(key, 12) : valueText(key ?? null, 12)
    return typeof does === 'string' ? [[STEPS[does] ?? does, name, valueText(last, 12)] as const] : []
  })
}

const STEPS: { readonly [short: string]: string | undefined } = { r: 'read', w: 'write' }

/** Returns a transfer in a shorter form than JSON: `5 a→b`. */
export function transferText(value: Json): string | undefined {
  if (!isObject(value)) return undefined
  const { from, to, amount, ...rest } = value
  if (
    typeof amount !== 'number' ||
    !isAccount(from) ||
    !isAccount(to) ||
    Object.keys(rest).some((name) => name !== 'id')
  )
    return undefined
  return `${amountText(amount)} ${nameText(String(from), 12)}→${nameText(String(to), 12)}`
}

export function spendsFrom(history: History, operation: number): string | undefined {
  const input = inputOf(history, operation)
  const f = functionOf(history, operation)
  if (meaningOf(f)?.effect !== 'moves' || !isObject(input)) return undefined
  const account = f === 'withdraw' ? input['account'] : input['from']
  return isAccount(account) ? String(account) : undefined
}

const isAccount = (value: Json | undefined): value is string | number =>
  typeof value === 'string' || typeof value === 'number'

export const isRead = (history: History, operation: number): boolean => readsWhole(functionOf(history, operation))

export const isReplacing = (history: History, operation: number): boolean => effectOf(history, operation) === 'replaces'

export const effectOf = (history: History, operation: number): Meaning['effect'] | undefined =>
  meaningOf(functionOf(history, operation))?.effect

/** Whether a function returns a value that was not in its input. */
export const hasReturnValue = (f: string): boolean => meaningOf(f)?.answers === 'value'

/** Whether the operation may return a value that was not in its input. */
export const mayReturnValue = (history: History, operation: number): boolean =>
  hasReturnValue(functionOf(history, operation))

/** Whether the operation takes an element away from everyone else. */
export const isTaking = (history: History, operation: number): boolean => effectOf(history, operation) === 'takes'

export function answerText(history: History, operation: number): string {
  const outcome = history.operations.outcome[operation]
  if (outcome === OK) return acknowledgedText(history, operation)
  const error = history.errorOf(operation)
  const why = error === undefined ? '' : `: ${nameText(error, 200)}`
  if (outcome === FAIL) return `failed${why}`
  return hasReturned(history, operation) ? `unknown${why}` : 'no answer'
}

function acknowledgedText(history: History, operation: number): string {
  const steps = stepsOf(functionOf(history, operation), outputOf(history, operation))
  const reads = steps.flatMap(([does, key, value]) => (does === 'read' ? [`${key} = ${value}`] : []))
  if (reads.length > 0) return clipped(reads.join(', '))
  return mayReturnValue(history, operation) || returnsAnother(history, operation)
    ? foundText(history, operation)
    : `ok${tokenText(history, operation)}${offsetText(history, operation)}`
}

/** Whether a user-defined function returned another value than its input, such as `false` for a refused `try`. */
const returnsAnother = (history: History, operation: number): boolean =>
  meaningOf(functionOf(history, operation)) === undefined && hasOwnAnswer(history, operation)

/** Whether the answer has a value other than the input. */
export function hasOwnAnswer(history: History, operation: number): boolean {
  const { input, output } = history.operations
  return output[operation] !== input[operation] && outputOf(history, operation) !== null
}

/** Returns the answer without a failure's reason: `6`, `failed`, `unknown`. */
export const briefAnswer = (history: History, operation: number): string =>
  isOk(history, operation) ? answerText(history, operation) : (answerText(history, operation).split(':')[0] ?? '')

function foundText(history: History, operation: number): string {
  const found = outputOf(history, operation)
  return found === null && isTaking(history, operation) ? 'empty' : valueText(found)
}

/** Describes the offset of an added message: `, offset 29`. */
function offsetText(history: History, operation: number): string {
  const offset = functionOf(history, operation) === 'send' ? offsetOf(history, operation) : undefined
  return offset === undefined ? '' : `, offset ${offset}`
}

/** Returns the offset that an append got: the answer, or its first element. */
function offsetOf(history: History, operation: number): number | undefined {
  const { input, output } = history.operations
  if (output[operation] === input[operation]) return undefined
  const given = outputOf(history, operation)
  const offset = isList(given) && given.length === 2 ? given[0] : given
  return typeof offset === 'number' ? offset : undefined
}

/** Describes an acquisition's token: `, token 33`. */
function tokenText(history: History, operation: number): string {
  const { input, output } = history.operations
  if (effectOf(history, operation) !== 'acquires' || output[operation] === input[operation]) return ''
  const token = outputOf(history, operation)
  return token === null ? '' : `, token ${valueText(token, 20)}`
}

export const isOk = (history: History, operation: number): boolean => history.operations.outcome[operation] === OK

/** Position of the call among all events. `returnEventOf`: position of the return. */
export const callEventOf = (history: History, operation: number): number => history.operations.callEvent[operation] ?? 0

export const returnEventOf = (history: History, operation: number): number =>
  history.operations.returnEvent[operation] ?? 0

export const callTimeOf = (history: History, operation: number): number => history.operations.callTime[operation] ?? 0

export const returnTimeOf = (history: History, operation: number): number =>
  history.operations.returnTime[operation] ?? 0

export const hasReturned = (history: History, operation: number): boolean =>
  (history.operations.returnEvent[operation] ?? -1) >= 0

/** The call or the return of an operation. */
export interface OperationEvent {
  readonly operation: OperationRow
  readonly what: 'call' | 'return'
  readonly position: number
  readonly time: number
  /** Line of the event in the file, from 1. */
  readonly line: number
}

/** Returns the calls and the returns of operations in their order. */
export function eventsOf(history: History, rows: readonly OperationRow[]): readonly OperationEvent[] {
  const { callLine, returnLine } = history.operations
  const calls = rows.map((operation): OperationEvent => {
    const [position, time] = [callEventOf(history, operation), callTimeOf(history, operation)]
    return { operation, what: 'call', position, time, line: callLine[operation] ?? 0 }
  })
  const returns = rows
    .filter((row) => hasReturned(history, row))
    .map((operation): OperationEvent => {
      const [position, time] = [returnEventOf(history, operation), returnTimeOf(history, operation)]
      return { operation, what: 'return', position, time, line: returnLine[operation] ?? 0 }
    })
  return [...calls, ...returns].sort((a, b) => a.position - b.position)
}

/** Returns the operation in one line: `p2 write 7 → ok`. */
export const operationText = (history: History, operation: number, options: { readonly withKey: boolean }): string =>
  `${clientOf(history, operation)} ${requestText(history, operation, options)} → ${answerText(history, operation)}`

export interface Lines extends Pick<History, 'files'> {
  readonly operations: Pick<Operations, 'length' | 'callLine' | 'returnLine'>
}

/** Returns the lines on which an operation began and ended. */
export const linesOf = (history: Lines, operation: number): number[] =>
  [history.operations.callLine[operation] ?? 0, history.operations.returnLine[operation] ?? 0].filter(
    (line) => line > 0,
  )

export function orderText(history: History, { before, after, reason }: OrderEdge): string {
  const { process } = history.operations
  return reason === 'process order' && process[before] !== process[after] ? 'same client' : reason
}

/** Returns the value that a write or cas writes. */
export const writtenBy = (history: History, row: number): Json =>
  writtenValue(functionOf(history, row), inputOf(history, row))

/** Returns the written value, as JSON for comparisons. */
export const writtenText = (history: History, row: number): string => JSON.stringify(writtenBy(history, row))

/** Returns the answer, as JSON for comparisons. */
export const answeredText = (history: History, row: number): string => JSON.stringify(outputOf(history, row))

/** Whether the same client called both operations. Without named sessions, each process counts as a client. */
export function isSameClient(history: History, one: OperationRow, other: OperationRow): boolean {
  const [first, second] = [one, other].map((row) => history.operations.process[row] ?? 0) as [number, number]
  const isNamed = history.header?.sessions?.named !== false && history.sessionOf(first) >= 0
  return isNamed ? history.sessionOf(first) === history.sessionOf(second) : first === second
}

/** Says that a read missed a confirmed change: `p0's confirmed write to x was missing at n3`. */
export function missedText(
  history: History,
  { change, read }: { readonly change: OperationRow; readonly read: OperationRow },
  what: string,
): string {
  const [reader, node] = [clientOf(history, read), nodeOf(history, read)]
  if (isSameClient(history, change, read)) return `${reader} did not see its own confirmed ${what}`
  const confirmed = `${clientOf(history, change)}'s confirmed ${what}`
  return node === undefined ? `${reader} did not see ${confirmed}` : `${confirmed} was missing at ${nameText(node, 24)}`
}

/** Returns the operations of a counterexample, as rows of the history. */
export const rowsOf = ({ operations }: Pick<Counterexample, 'operations'>): readonly OperationRow[] =>
  operations.map(({ operation }) => operation)

export const wasBefore = (history: History, one: OperationRow, other: OperationRow): boolean =>
  hasReturned(history, one) && returnEventOf(history, one) < callEventOf(history, other)

/** Returns a comparison of rows by their calls; `byReturn`: by their returns. */
export const byCall =
  (history: History) =>
  (one: OperationRow, other: OperationRow): number =>
    callEventOf(history, one) - callEventOf(history, other)

export const byReturn =
  (history: History) =>
  (one: OperationRow, other: OperationRow): number =>
    returnEventOf(history, one) - returnEventOf(history, other)

export const coreOf = ({ operations }: Pick<Counterexample, 'operations'>): readonly OperationRow[] =>
  operations.filter(({ role }) => role === 'core').map(({ operation }) => operation)

/** Returns the elements that an operation added, received or saw, as canonical JSON. */
export function elementsIn(history: History, row: OperationRow): readonly string[] {
  if (!mayReturnValue(history, row)) return [canonical(inputOf(history, row))]
  if (!isOk(history, row)) return []
  const found = outputOf(history, row)
  if (isRead(history, row) || effectOf(history, row) === 'drains')
    return (elementsOf(found) ?? []).map((value) => canonical(value))
  return found === null ? [] : [canonical(found)]
}
