import type { Json } from '@chaosproxy/history'
import type { Operand } from './action.ts'
import { recordedValue } from './column-values.ts'
import type { Comparison, Condition } from './condition.ts'
import { operandText, type Portal } from './prepared.ts'
import type { RecordedTable } from './recorded-table.ts'

/** A condition with its values, in the form of a history. */
export interface AskedCondition {
  readonly table: string
  /** Whether a further row changes the answer only if no row was found. */
  readonly isLimited: boolean
  readonly tells: Condition['tells']
  /** A row is asked for if each is true of it for one of its values. */
  readonly comparisons: readonly (readonly [column: string, comparison: Comparison, values: readonly Json[]])[]
}

/** Whether a row with these values makes a condition true; false if that is not certain. */
export const isTrueOf = (
  { comparisons }: Pick<AskedCondition, 'comparisons'>,
  values: { readonly [column: string]: Json },
): boolean =>
  comparisons.every(([column, comparison, compared]) => {
    const one = values[column]
    if (comparison === 'is null') return one === null
    if (comparison === 'is not null') return one !== undefined && one !== null
    return compared.some((other) => holds(comparison, one, other))
  })

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
  { table, comparisons, limit, tells }: Condition,
  portal: Portal | undefined,
): AskedCondition | undefined {
  const most = limit && operandText(limit, portal)
  if (limit !== undefined && !(Number(most) > 0)) return undefined
  const known: AskedCondition['comparisons'][number][] = []
  for (const { column, comparison, operands } of comparisons) {
    const values = operands.map((operand) => givenValue(operand, portal, table, column))
    if (values.some((value) => value === undefined || value === null)) return undefined
    known.push([column, comparison, values.filter((value) => value !== undefined)])
  }
  return { table: table.name, isLimited: limit !== undefined || tells !== undefined, tells, comparisons: known }
}

/** The least number of rows that the condition was true of, by the answer; undefined if the answer does not say. */
export function foundBy(
  { tells }: Pick<AskedCondition, 'tells'>,
  { returned, rows }: { readonly returned: number | undefined; readonly rows: readonly (readonly (Buffer | null)[])[] },
): number | undefined {
  if (tells === undefined) return returned
  const [answer] = rows[0] ?? []
  // In text or in binary.
  const isTrue = ['t', '\u0001'].includes(String(answer))
  const isFalse = ['f', '\u0000'].includes(String(answer))
  if (!isTrue && !isFalse) return undefined
  return isTrue === (tells === 'exists') ? 1 : 0
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
