import type { LevelProof } from '@chaosproxy/verifier'
import type { Verdict } from '../verdict/verdict.ts'

type Met = Extract<Verdict, { readonly result: 'met' }>

/** What a verdict says for a level that is met; none if nothing shows it but the check. */
export function witnessEntries(level: string, { witness }: Met, lineOf: Int32Array): readonly LevelProof[] {
  if (witness.kind === 'implied') return [{ level, result: 'met', by: witness.by }]
  if (witness.kind === 'convergence') return [{ level, result: 'met', final: true }]
  if (witness.kind !== 'order') return []
  const byKey = new Map<string | undefined, (readonly number[])[]>()
  for (const { key, operations } of witness.orders) {
    const known = byKey.get(key)
    if (known === undefined) byKey.set(key, [operations])
    else known.push(operations)
  }
  if (byKey.size === 0) return [{ level, result: 'met', order: [] }]
  return [...byKey.values()].map(
    (orders): LevelProof => ({ level, result: 'met', order: differences(merged(orders, lineOf)) }),
  )
}

/** Each number as the difference to the one before it. */
const differences = (lines: readonly number[]): readonly number[] =>
  lines.map((line, at) => line - (at === 0 ? 0 : lines[at - 1]))

/** The lines of an order. Of several, one for each element, that by moments, which keeps real time and each order. */
function merged([first = [], ...others]: readonly (readonly number[])[], lineOf: Int32Array): readonly number[] {
  if (others.length === 0) return first.map((row) => lineOf[row])
  const moments = [first, ...others].flatMap((rows) => {
    let at = 0
    return rows.map((row) => {
      at = Math.max(at, lineOf[row])
      return { at, line: lineOf[row] }
    })
  })
  return moments.sort((a, b) => a.at - b.at).map(({ line }) => line)
}
