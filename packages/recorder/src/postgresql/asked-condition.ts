import type { Json } from '@chaosproxy/history'
import type { Operand } from './action.ts'
import { recordedValue } from './column-values.ts'
import type { Comparison, Condition } from './condition.ts'
import { operandText, type Portal } from './prepared.ts'
import type { RecordedTable } from './recorded-table.ts'

/** A condition with its values, in the form of a history. */
export interface AskedCondition {
  readonly table: string
  /** Whether a further row changes the answer only if no row was returned. */
  readonly isLimited: boolean
  readonly comparisons: readonly (readonly [column: string, comparison: Comparison, value: Json])[]
}

/** Whether a row with these values makes a condition true; false if that is not certain. */
export const isTrueOf = (
  { comparisons }: Pick<AskedCondition, 'comparisons'>,
  values: { readonly [column: string]: Json },
): boolean => comparisons.every(([column, comparison, value]) => holds(comparison, values[column], value))

function holds(comparison: Comparison, one: Json | undefined, other: Json): boolean {
  if (comparison === '=') return one === other && isComparable(other)
  if (typeof one !== 'number' || typeof other !== 'number') return false
  switch (comparison) {
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
  { table, comparisons, limit }: Condition,
  portal: Portal | undefined,
): AskedCondition | undefined {
  const most = limit && operandText(limit, portal)
  if (limit !== undefined && !(Number(most) > 0)) return undefined
  const known: AskedCondition['comparisons'][number][] = []
  for (const { column, comparison, operand } of comparisons) {
    const value = givenValue(operand, portal, table, column)
    if (value === undefined || value === null) return undefined
    known.push([column, comparison, value])
  }
  return { table: table.name, isLimited: limit !== undefined, comparisons: known }
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
