import type { Json } from '@chaosproxy/history'
import { type Column, type FieldValue, type Format, rowsOf } from '@chaosproxy/wire/postgresql'
import { type Call, declined, type Interpretation, notUnderstood, ok, type Touches, UNSAID } from '../record/call.ts'
import type { Action, MayTouch, Operand, Place } from './action.ts'
import { type ReadType, recordedValue, textOf, whyNotCompared } from './column-values.ts'
import { exactText, formatAt, isUnlimited, type Portal } from './prepared.ts'
import type { PostgresqlSettings } from './settings.ts'
import type { Statement } from './statement.ts'

/** The answer to a statement. */
export interface Answer {
  readonly tag: string
  readonly rows: readonly (readonly FieldValue[])[]
  readonly columns: readonly Column[] | undefined
  /** The columns' formats. For a described portal, `columns` has them. */
  readonly formats: readonly Format[] | undefined
  /** Whether the answer has more rows than were kept. */
  readonly hasMore?: boolean | undefined
  /** Whether the server warned that it may have changed a written value. */
  readonly isWarned?: boolean | undefined
}

export interface Part {
  readonly key: string
  readonly call: Call
  /**
   * What the statement writes to the row. Several statements on one row are merged into one operation, which needs this
   * value.
   */
  readonly writes: 'nothing' | { readonly value: Json } | 'unsaid'
  readonly interpret: (answer: Answer) => Interpretation
}

/**
 * A statement with its parameters: an operation, or (`other`) a statement that is no operation, with the keys that it
 * may change.
 */
export type Step =
  | { readonly kind: 'operation'; readonly what: string; readonly part: Part }
  | { readonly kind: 'other'; readonly what: string; readonly touches: Touches; readonly why: string }

type Recorded = PostgresqlSettings['commands']

/** @param portal undefined for a statement without parameters. */
export function stepOf(statement: Statement, portal: Portal | undefined, recorded: Recorded): Step {
  if (statement.kind !== 'other' && statement.kind !== 'action')
    return { kind: 'other', what: statement.what, touches: 'nothing', why: '' }
  const { what } = statement
  if (statement.kind === 'other')
    return { kind: 'other', what, touches: touchesOf(statement.touches, portal), why: statement.why }
  const { action } = statement
  const key = keyOf(action.key, portal)
  if (key === undefined)
    return {
      kind: 'other',
      what,
      touches: action.does === 'read' ? 'nothing' : 'everything',
      why: 'the value of the primary key cannot be read: give a text or a whole number',
    }
  if (action.does === 'read' && !isUnlimited(action, 1, portal))
    return { kind: 'other', what, touches: 'nothing', why: '' }
  const part = partOf(action, key, portal, recorded)
  if (typeof part !== 'string') return { kind: 'operation', what, part }
  return { kind: 'other', what, touches: action.does === 'read' ? 'nothing' : { keys: [key] }, why: part }
}

function touchesOf(touches: MayTouch, portal: Portal | undefined): Touches {
  if (typeof touches === 'string') return touches
  const key = keyOf(touches.key, portal)
  return key === undefined ? 'everything' : { keys: [key] }
}

/**
 * Returns the key that an operand names. Undefined if the text is unknown. Also undefined for a whole number such as
 * `07`, because this text would become a second key.
 */
function keyOf(operand: Operand, portal: Portal | undefined): string | undefined {
  const text = exactText(operand, portal, 'text')
  return text === undefined || text === null || recordedValue(text, 'text') === undefined ? undefined : text
}

const NOT_READ = 'a value in it has an unsupported format; use text, or a whole number'

/** Returns the action's operation, or why there is none. */
function partOf(action: Action, key: string, portal: Portal | undefined, recorded: Recorded): Part | string {
  const isCounter = recorded.model === 'counter'
  const valueIn = (operand: Operand): Json | undefined => {
    const text = exactText(operand, portal, recorded.type)
    if (text !== undefined && recorded.type === 'numeric') recorded.decimals.wrote(recorded.value, text)
    return text === undefined ? undefined : recordedValue(text, recorded.type)
  }
  const reads = (place: Place, answer: Answer) => columnOf(answer, place, recorded)
  switch (action.does) {
    case 'read':
      return {
        key,
        call: { f: 'read', key, value: null, harmless: true },
        writes: 'nothing',
        interpret: (answer) => reads(action.value, answer),
      }
    case 'add':
      return isCounter ? addition(action, key, valueIn(action.amount)) : sum(action, key, valueIn(action.amount), reads)
    default:
  }
  if (isCounter) return 'it writes a value, and a counter only takes additions; record it with --model register'
  switch (action.does) {
    case 'write': {
      const value = valueIn(action.value)
      if (value === undefined) return NOT_READ
      const missed = action.mayMiss ? 'no such row, or the condition did not hold' : undefined
      return { key, call: { f: 'write', key, value }, writes: { value }, interpret: counted(value, missed) }
    }
    case 'delete':
      return {
        key,
        call: { f: 'write', key, value: null },
        writes: { value: null },
        interpret: action.mayMiss ? counted(null, 'the condition did not hold') : deleted,
      }
    case 'insert': {
      const value = valueIn(action.value)
      if (value === undefined) return NOT_READ
      const call = { f: 'cas', key, value: [null, value] }
      return { key, call, writes: { value }, interpret: counted(call.value, 'the row exists') }
    }
    case 'cas': {
      const expected = valueIn(action.expected)
      const value = action.value === 'delete' ? null : valueIn(action.value)
      if (expected === undefined || value === undefined) return NOT_READ
      const call = { f: 'cas', key, value: [expected, value] }
      return { key, call, writes: { value }, interpret: counted(call.value, 'another value was there') }
    }
  }
}

type Addition = Extract<Action, { readonly does: 'add' }>

function addition({ sign }: Addition, key: string, amount: Json | undefined): Part | string {
  if (typeof amount !== 'number') return 'the amount is not a whole number'
  const [f, value] = sign * amount < 0 ? ['subtract', Math.abs(amount)] : ['add', Math.abs(amount)]
  return {
    key,
    call: { f, key, value },
    writes: 'unsaid',
    interpret: counted(value, 'no such row, or the condition did not hold'),
  }
}

/** Returns the operation of a statement that adds to a register. Only the server's reply contains the sum. */
function sum(
  { sign, creates, sum: place }: Addition,
  key: string,
  given: Json | undefined,
  reads: (place: Place, answer: Answer) => Interpretation,
): Part | string {
  if (place === undefined)
    return 'it adds to an unknown value: add RETURNING with the recorded column, or record with --model counter'
  if (typeof given !== 'number') return 'the amount is not a whole number'
  const amount = sign * given
  return {
    key,
    call: { f: 'cas', key, value: UNSAID, amount },
    writes: 'unsaid',
    interpret(answer) {
      if (answer.rows.length === 0) return declined('no such row, or the condition did not hold')
      const read = reads(place, answer)
      if (read.type !== 'ok' || !('value' in read)) return read
      const { value } = read
      if (typeof value !== 'number') return notUnderstood('the sum is not a whole number')
      // If the sum equals the added amount, the statement may have created the row. The value before the statement is
      // then unknown.
      return ok(creates && value === amount ? [value] : [value - amount, value])
    },
  }
}

const MANY = notUnderstood('several rows have this key: "key" names no primary key of the table')

/**
 * Returns the number of changed rows. If the client limited the rows, there is no number in the reply, so the returned
 * rows are counted.
 */
const changedRows = ({ tag, rows }: Answer): number | undefined =>
  tag === '' && rows.length > 0 ? rows.length : rowsOf(tag)

/** Completes an operation by the number of rows: `ok` for one, `fail` for none. */
const counted =
  (value: Json, missed: string | undefined) =>
  (answer: Answer): Interpretation => {
    const rows = changedRows(answer)
    if (rows === 1) return ok(value)
    if (rows === 0 && missed !== undefined) return declined(missed)
    return rows === undefined || rows === 0 ? UNCOUNTED : MANY
  }

const deleted = (answer: Answer): Interpretation => {
  const rows = changedRows(answer)
  return rows === undefined ? UNCOUNTED : rows > 1 ? MANY : ok(null)
}

const UNCOUNTED = notUnderstood('the answer does not say that a row changed')

function columnOf(answer: Answer, place: Place, recorded: Recorded): Interpretation {
  const [row, another] = answer.rows
  if (another !== undefined) return MANY
  if (row === undefined) return ok(null)
  const field = fieldOf(row, place, answer)
  if (field === undefined) return notUnderstood(`the answer has no column ${recorded.value}`)
  const { text } = field
  const why = whyNotCompared(recorded.type, field) ?? recorded.decimals.whyRounded(recorded.value, field)
  if (why !== undefined) return notUnderstood(why)
  const value = text === undefined ? undefined : recordedValue(text, recorded.type)
  return value === undefined ? notUnderstood(`the value in the answer cannot be read as ${recorded.type}`) : ok(value)
}

/** The type and the text of a value in a row of an answer, if the row has it. */
export function fieldOf(
  row: Answer['rows'][number],
  place: Place,
  { columns, formats }: Answer,
): (ReadType & { readonly text: string | null | undefined }) | undefined {
  const at = typeof place === 'number' ? place : (columns?.findIndex(({ name }) => name === place) ?? -1)
  const value = row[at]
  if (value === undefined) return undefined
  const column = columns?.[at]
  const { type = 0, modifier = -1, table = 0 } = column ?? {}
  return {
    type,
    modifier,
    isComputed: table === 0,
    text: textOf(value, formats === undefined ? (column?.format ?? 0) : formatAt(formats, at), type),
  }
}
