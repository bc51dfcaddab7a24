import { type History, UserError } from '@chaosproxy/history'
import {
  createVerifier,
  type DeadEnd,
  type Finding,
  hasGuarantees,
  type LevelProof,
  ordersOf,
  type ProofHead,
} from '@chaosproxy/verifier'
import { UNKNOWN_START } from '../encoding/unknown-start.ts'
import type { CheckOptions } from '../judge/options.ts'
import type { Counterexample } from '../verdict/verdict.ts'
import { coreOf, MOST_IN_CORE } from './core.ts'
import { type JudgedLines, type Judging, readLines } from './judged-lines.ts'

export const judgingOf = (
  model: string,
  { initial, failedCas }: Pick<CheckOptions<string>, 'initial' | 'failedCas'>,
): Judging => ({
  model,
  ...(failedCas === undefined ? {} : { failedCas }),
  ...(initial === UNKNOWN_START ? {} : { initial }),
})

/** A history as the verifier reads it, and how. */
interface Reading {
  readonly lines: Pick<JudgedLines, 'read' | 'lineOf'>
  readonly head: ProofHead
}

const coreEntry = (level: string, rows: readonly number[], { lines: { lineOf } }: Reading): readonly LevelProof[] => [
  { level, result: 'violated', core: rows.map((row) => lineOf[row]) },
]

/** What the verifier says. */
export type Said = Pick<Finding, 'verdict' | 'why'>

const NO_CORE: Said = {
  verdict: 'undecided',
  why: `no ${MOST_IN_CORE} operations are found that contradict it by themselves`,
}

/**
 * What a counterexample shows, if the verifier accepts that: so what is drawn is what is proved. Otherwise the smallest
 * core found that it accepts; if it accepts none, what is shown. It refuses it only if no other core is left.
 */
export function provenCore(
  history: History,
  level: string,
  { operations }: Pick<Counterexample, 'operations'>,
  reading: Reading,
): Said & { readonly operations: readonly number[] } {
  const explained = operations.map(({ operation }) => operation)
  const accepts = createVerifier(reading.lines.read, reading.head)
  const saidOf = (rows: readonly number[]): Said => accepts(coreEntry(level, rows, reading))
  let undecided: Said | undefined
  const isAccepted = (rows: readonly number[]): boolean => {
    const said = saidOf(rows)
    if (said.verdict === 'undecided') undecided = said
    return said.verdict === 'accepted'
  }
  const shown = operations.flatMap(({ operation, role }) => (role === 'core' ? [operation] : []))
  // A pattern is shown as it is: the verifier looks for the rest of it.
  const isPattern = hasGuarantees(reading.head)
  const core = isAccepted(shown) ? shown : isPattern ? undefined : coreOf(history, explained, isAccepted)
  if (core !== undefined) return { operations: core, ...saidOf(core) }
  const isLarge = !isPattern && history.operations.length > MOST_IN_CORE
  return { operations: explained, ...(undecided ?? (isLarge ? NO_CORE : saidOf(explained))) }
}

/** Operations that contradict a level whatever the others did. */
export interface ProvedOrders {
  /** Rows of the history. */
  readonly operations: readonly number[]
  /** What the verifier accepted, or why it accepts nothing. */
  readonly why: string
  readonly isProved: boolean
  /** Each order up to where it fails; empty if no order is looked for, or if there are too many. */
  readonly orders: readonly FailedOrder[]
}

/** The first steps of an order, of which the last cannot be taken. */
export interface FailedOrder {
  /** Rows, in the order tried. A transaction that starts and commits is there twice. */
  readonly rows: readonly number[]
  /** The operation that must come earlier; undefined if the last would not have been answered so. */
  readonly missing: number | undefined
}

/** More operations have more orders than a person reads. */
const MOST_LISTED = 5

/**
 * Proves one violated level, and lists every order of its core, if that has at most five operations.
 *
 * @throws UserError (input) if events cannot say what is known of the history
 */
export function proveOrders(
  history: History,
  level: string,
  counterexample: Pick<Counterexample, 'operations'>,
  judging: Judging,
): ProvedOrders {
  const lines = readLines(history)
  if ('why' in lines) throw new UserError('input', `no proof is made: ${lines.why}. Leave --prove out`)
  const reading: Reading = { lines, head: { proof: 1, history: '', ...judging } }
  const byDefinition = createVerifier(lines.read, reading.head)([{ level, result: 'violated', final: true }])
  if (byDefinition.verdict === 'accepted')
    return {
      operations: counterexample.operations.map(({ operation }) => operation),
      ...{ why: byDefinition.why, isProved: true, orders: [] },
    }
  const { operations, verdict, why } = provenCore(history, level, counterexample, reading)
  const isProved = verdict === 'accepted'
  if (!isProved || operations.length > MOST_LISTED) return { operations, why, isProved, orders: [] }
  const rowOf = new Map(operations.map((row) => [lines.lineOf[row], row]))
  const rowAt = (line: number): number | readonly number[] => rowOf.get(line) ?? []
  const ends: readonly DeadEnd[] = ordersOf({ history: lines.read, head: reading.head }, level, [...rowOf.keys()])
  return {
    ...{ operations, why, isProved },
    orders: ends.map(({ lines: tried, missing }) => ({
      rows: tried.flatMap(rowAt),
      missing: missing === undefined ? undefined : rowOf.get(missing),
    })),
  }
}
