import { createHash } from 'node:crypto'
import type { Report, Verdict } from '@chaosproxy/checker'
import { type EventInput, type History, printJsonLine } from '@chaosproxy/history'
import { witnessEntries } from '../../checker/src/proof/entries.ts'
import type { LevelProof, ProofHead, Verification } from '../src/index.ts'
import { verify } from '../src/index.ts'

// Writes witnesses and counterexamples of the checker in the format of proofs.

export const textOfEvents = (events: readonly EventInput[]): string =>
  events.map((event) => `${printJsonLine(event)}\n`).join('')

/**
 * Parses lines such as `0 invoke write x 1` and `0 ok write x 1`. Values are JSON, `-` stands for no key, and a session
 * may follow.
 */
export const history = (...lines: readonly string[]): string =>
  lines
    .map((line) => {
      const [process, type, f, key, value, session] = line.split(' ')
      const named = { ...(key === '-' ? {} : { key }), ...(session === undefined ? {} : { session }) }
      return `${JSON.stringify({ process: Number(process), type, f, ...named, value: JSON.parse(value ?? 'null') })}\n`
    })
    .join('')

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

export const proofText = (
  head: Omit<ProofHead, 'proof' | 'history'>,
  history: string,
  levels: readonly object[],
): string =>
  [{ proof: 1, history: `sha256:${hashOf(history)}`, ...head }, ...levels]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('')

/** Returns the verifier's answer to these entries. */
export const verified = (
  history: string,
  head: Omit<ProofHead, 'proof' | 'history'>,
  levels: readonly object[],
): Verification => verify({ history: [history], sha256: hashOf(history), proof: proofText(head, history, levels) })

export const differences = (lines: readonly number[]): number[] => lines.map((line, at) => line - (lines[at - 1] ?? 0))

/** Returns the proofs of the decided levels of a report, as far as the format can express them. */
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
  return [...witnessEntries(history, null, level, verdict, callLine)]
}
