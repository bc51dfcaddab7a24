import { canonical, foundOrMade, type History, type Json } from '@chaosproxy/history'
import type { OperationRow } from '../../encoding/operation-row.ts'

/** By key: elements that were certainly present at the start. Answers show them, and no operation added them. */
export type LeastStarts = ReadonlyMap<number, readonly Json[]>

export function inputsByKey(
  { operations: { key, input, length } }: History,
  isSelected: (row: OperationRow) => boolean,
): ReadonlyMap<number, ReadonlySet<number>> {
  const byKey = new Map<number, Set<number>>()
  for (let row: OperationRow = 0; row < length; row++) {
    const inputs = foundOrMade(byKey, key[row], () => new Set())
    if (isSelected(row)) inputs.add(input[row])
  }
  return byKey
}

/** The longest of several prefixes of one list; undefined if they disagree. */
export function longestOf(stretches: readonly (readonly Json[])[]): readonly Json[] | undefined {
  let longest: readonly Json[] = []
  for (const each of stretches) if (each.length > longest.length) longest = each
  const textOf = (some: readonly Json[]): string => some.map((each) => `${canonical(each)}\n`).join('')
  const whole = `\n${textOf(longest)}`
  const others = new Set(stretches.map(textOf))
  return [...others].every((text) => whole.includes(`\n${text}`)) ? longest : undefined
}
