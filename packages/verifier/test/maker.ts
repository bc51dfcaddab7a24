import { createHash } from 'node:crypto'
import type { Report, Verdict } from '@chaosproxy/checker'
import { type EventInput, type History, printJsonLine } from '@chaosproxy/history'
import type { LevelProof, ProofHead, Verification } from '../src/index.ts'
import { verify } from '../src/index.ts'

// Proofs as the checker could write them: its witnesses and counterexamples, in the format of proofs.

export const textOfEvents = (events: readonly EventInput[]): string =>
  events.map((event) => `${printJsonLine(event)}\n`).join('')

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

export const proofText = (
  head: Omit<ProofHead, 'proof' | 'history'>,
  history: string,
  levels: readonly object[],
): string =>
  [{ proof: 1, history: `sha256:${hashOf(history)}`, ...head }, ...levels]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('')

/** What the verifier says of these entries. */
export const verified = (
  history: string,
  head: Omit<ProofHead, 'proof' | 'history'>,
  levels: readonly object[],
): Verification => verify({ history: [history], sha256: hashOf(history), proof: proofText(head, history, levels) })

export const differences = (lines: readonly number[]): number[] => lines.map((line, at) => line - (lines[at - 1] ?? 0))

/** The entries for every level that the report decides and that the format has an entry for. */
export const entriesOf = (history: History, { levels }: Pick<Report<string>, 'levels'>): LevelProof[] =>
  Object.entries(levels).flatMap(([level, verdict]) => entriesOfLevel(history, level, verdict))

export function entriesOfLevel(history: History, level: string, verdict: Verdict): LevelProof[] {
  const { callLine } = history.operations
  const lineOf = (row: number): number => callLine[row]!
  if (verdict.result === 'unknown') return []
  if (level === 'eventual' || level === 'convergent') return [{ level, result: verdict.result, final: true }]
  if (verdict.result === 'violated') {
    const core = verdict.counterexample.operations.map(({ operation }) => lineOf(operation))
    return [{ level, result: 'violated', core }]
  }
  const { witness } = verdict
  if (witness.kind === 'implied') return [{ level, result: 'met', by: witness.by }]
  if (witness.kind !== 'order') return []
  const byKey = new Map<string | undefined, (readonly number[])[]>()
  for (const { key, operations } of witness.orders) byKey.set(key, [...(byKey.get(key) ?? []), operations])
  if (byKey.size === 0) return [{ level, result: 'met', order: [] }]
  return [...byKey.values()].map((orders): LevelProof => {
    // A set that is never read whole has an order for each element: merged by moments, which keeps real time.
    const moments = orders.flatMap((rows) => {
      let at = 0
      return rows.map((row) => {
        at = Math.max(at, lineOf(row))
        return { at, row }
      })
    })
    const rows = orders.length === 1 ? orders[0]! : moments.toSorted((a, b) => a.at - b.at).map(({ row }) => row)
    return { level, result: 'met', order: differences(rows.map(lineOf)) }
  })
}
