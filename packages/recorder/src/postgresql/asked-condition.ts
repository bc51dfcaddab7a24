import type { Json } from '@chaosproxy/history'
import type { Operand } from './action.ts'
import { recordedValue } from './column-values.ts'
import type { Comparison, Condition, Extreme } from './condition.ts'
import { operandText, type Portal } from './prepared.ts'
import type { RecordedTable } from './recorded-table.ts'

/** Values of a row, by column. */
export interface RowValues {
  readonly [column: string]: Json
}

/** It is true of a row if all of its comparisons are, each for one of its values. */
type Alternative = readonly (readonly [column: string, comparison: Comparison, values: readonly Json[]])[]

/** A condition with its values, in the form of a history. */
export interface AskedCondition {
  readonly table: string
  /** Whether a further row changes the answer only if no row was found. */
  readonly isLimited: boolean
  readonly tells: Condition['tells']
  readonly anyOf: readonly Alternative[]
}

/** Whether a row with these values makes a condition true; false if that is not certain. */
export const isTrueOf = ({ anyOf }: Pick<AskedCondition, 'anyOf'>, values: RowValues): boolean =>
  anyOf.some((comparisons) =>
    comparisons.every(([column, comparison, compared]) => {
      const one = values[column]
      if (comparison === 'is null') return one === null
      if (comparison === 'is not null') return one !== undefined && one !== null
      return compared.some((other) => holds(comparison, one, other))
    }),
  )

/** Whether a condition is not true of a row with these values; false if that is not certain. */
export const isNotTrueOf = ({ anyOf }: Pick<AskedCondition, 'anyOf'>, values: RowValues): boolean =>
  anyOf.every((comparisons) =>
    comparisons.some(([column, comparison, compared]) => {
      const one = values[column]
      if (one === undefined) return false
      if (comparison === 'is null') return one !== null
      // No comparison with null is true.
      if (one === null) return true
      return comparison !== 'is not null' && compared.every((other) => holdsNot(comparison, one, other))
    }),
  )

function holdsNot(comparison: Exclude<Comparison, `is ${string}`>, one: Json, other: Json): boolean {
  if (comparison === '<>') return one === other && isComparable(other)
  if (comparison !== '=') return areNumbers(one, other) && !holds(comparison, one, other)
  if (areNumbers(one, other) || (typeof one === 'boolean' && typeof other === 'boolean')) return one !== other
  return isWord(one) && isWord(other) && one.toLowerCase() !== other.toLowerCase()
}

const areNumbers = (one: Json, other: Json): boolean => typeof one === 'number' && typeof other === 'number'

/** A text that no type and no collation takes for another one, but for its case. */
const isWord = (value: Json): value is string => typeof value === 'string' && /^[a-z]+$/i.test(value)

function holds(comparison: Exclude<Comparison, `is ${string}`>, one: Json | undefined, other: Json): boolean {
  if (comparison === '=') return one === other && isComparable(other)
  if (typeof one !== 'number' || typeof other !== 'number') return false
  switch (comparison) {
    case '<>':
      // Columns may round.
      return Math.abs(one - other) >= 1
    case '<':
      return one < other
    case '<=':
      return one <= other
    case '>':
      return one > other
    case '>=':
      return one >= other
  }
}

/** Columns may round fractions, of numbers and of seconds, and a comparison does not. */
const isComparable = (value: Json): boolean =>
  typeof value === 'boolean' ||
  typeof value === 'number' ||
  (typeof value === 'string' && !/^-?\d*\.\d|:\d\d\.\d/.test(value))

/** The condition with its values; undefined if one of them cannot be read. */
export function askedBy(
  { table, anyOf, limit, offset, tells }: Condition,
  portal: Portal | undefined,
): AskedCondition | undefined {
  const [most, left] = [limit, offset].map((operand) => operand && operandText(operand, portal))
  if ((limit !== undefined && !(Number(most) > 0)) || (offset !== undefined && left !== '0')) return undefined
  const known: Alternative[] = []
  for (const comparisons of anyOf) {
    const alternative: Alternative[number][] = []
    for (const { column, comparison, operands } of comparisons) {
      const values = operands.map((operand) => givenValue(operand, portal, table, column))
      const isOrder = !['=', '<>', 'is null', 'is not null'].includes(comparison)
      // Texts of digits have an order of their own.
      if (isOrder && table.values.get(column) !== 'numeric') return undefined
      if (values.some((value) => value === undefined || value === null)) return undefined
      alternative.push([column, comparison, values.filter((value) => value !== undefined)])
    }
    known.push(alternative)
  }
  const isLimited = limit !== undefined || typeof tells === 'string'
  return { table: table.name, isLimited, tells, anyOf: known }
}

export interface ConditionAnswer {
  readonly returned: number | undefined
  readonly rows: readonly (readonly (Buffer | null)[])[]
  /** Whether values are texts. */
  readonly isText: boolean
}

/** Which further rows would change an answer, and whether it would be another one without a row that it was true of. */
export interface Sensitive {
  readonly anyOf: AskedCondition['anyOf']
  readonly isToLosses: boolean
  /** Whether the condition was true of no row. */
  readonly isEmpty: boolean
}

/** Undefined if the answer does not say, or no further row would change it. */
export function sensitiveBy(asked: AskedCondition, answer: ConditionAnswer): Sensitive | undefined {
  const { anyOf, tells, isLimited } = asked
  if (typeof tells === 'object') {
    const further = beyond(tells, answer)
    return further && { anyOf: anyOf.map((each) => [...each, further]), isToLosses: false, isEmpty: false }
  }
  const found = foundBy(asked, answer)
  if (found === undefined || (isLimited && found > 0)) return undefined
  return { anyOf, isToLosses: !isLimited, isEmpty: found === 0 && returnsRows(answer, tells) }
}

/** An aggregate without rows returns one, too. */
const returnsRows = ({ returned }: ConditionAnswer, tells: AskedCondition['tells']): boolean =>
  returned === 0 || tells !== undefined

/** The least number of rows that the condition was true of, by the answer; undefined if the answer does not say. */
function foundBy({ tells }: AskedCondition, { returned, rows }: ConditionAnswer): number | undefined {
  if (tells === undefined) return returned
  const [answer] = rows[0] ?? []
  // In text or in binary.
  const isTrue = ['t', '\u0001'].includes(String(answer))
  const isFalse = ['f', '\u0000'].includes(String(answer))
  if (!isTrue && !isFalse) return undefined
  return isTrue === (tells === 'exists') ? 1 : 0
}

/** What is true of the values that would be a new extreme. */
function beyond({ of, is }: Extreme, { rows, isText }: ConditionAnswer): Alternative[number] | undefined {
  const [answer] = rows[0] ?? []
  if (answer === null) return [of, 'is not null', []]
  const value = isText && answer !== undefined ? recordedValue(answer.toString(), 'numeric') : undefined
  return typeof value === 'number' ? [of, is === 'max' ? '>' : '<', [value]] : undefined
}

export function givenValue(
  operand: Operand,
  portal: Portal | undefined,
  table: RecordedTable,
  column: string,
): Json | undefined {
  const text = operandText(operand, portal)
  return text === undefined ? undefined : recordedValue(text, table.values.get(column) ?? 'text')
}
