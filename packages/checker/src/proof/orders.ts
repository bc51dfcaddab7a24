import { FAIL, type History, UserError } from '@chaosproxy/history'
import {
  createVerifier,
  type DeadEnd,
  type Finding,
  hasGuarantees,
  type LevelProof,
  ordersOf,
  type ProofHead,
} from '@chaosproxy/verifier'
import { ascending } from '../encoding/lists.ts'
import { UNKNOWN_START } from '../encoding/unknown-start.ts'
import type { CheckOptions } from '../judge/options.ts'
import { type Budget, createBudget, inTime, limitedTo } from '../limits/budget.ts'
import type { Counterexample } from '../verdict/verdict.ts'
import { coreOf, MOST_IN_CORE } from './core.ts'
import { type JudgedLines, type Judging, readLines } from './judged-lines.ts'

export const judgingOf = (
  model: string,
  { initial, failedCas }: Pick<CheckOptions<string>, 'initial' | 'failedCas'>,
): Judging => ({
  model,
  ...(failedCas && { failedCas }),
  ...(initial === UNKNOWN_START ? {} : { initial }),
})

/** A history as the verifier read it, and the options for judging it. */
interface Reading {
  readonly lines: Pick<JudgedLines, 'read' | 'lineOf'>
  readonly head: ProofHead
}

export const coreEntry = (level: string, rows: readonly number[], lineOf: Int32Array): readonly LevelProof[] => [
  { level, result: 'violated', core: rows.map((row) => lineOf[row]) },
]

/** The step limit for reducing a core. A reduction needs fewer steps than this. */
const MOST_STEPS = 1_000_000

/** The verifier's answer. */
export type VerifierAnswer = Pick<Finding, 'verdict' | 'why'>

const NO_CORE: VerifierAnswer = {
  verdict: 'undecided',
  why: `no contradiction of at most ${MOST_IN_CORE} operations was found`,
}

/** A contradiction to be reduced, with the functions for reducing it. */
export interface Cutting {
  readonly history: History
  readonly level: string
  /** How the verifier judges the object; undefined if it does not support this kind of object. */
  readonly judging: Judging | undefined
  /**
   * Reports whether some operations contradict the level by themselves. An accepted proof does not show this, because
   * it may depend on operations that are not shown.
   */
  readonly contradicts: (rows: readonly number[]) => boolean
  /** Returns the operations on which the answers of these rows may depend, if known. */
  readonly restsOn?: ((rows: readonly number[]) => readonly number[]) | undefined
}

/**
 * The maximum number of related operations with which the reduction begins. If there are more, it begins with those
 * that the answers depend on.
 */
const MANY = 1_000

/** The maximum number of operations that the verifier searches in acceptable time. */
const MOST_READ = 2_000

/**
 * Returns a small set of operations that the verifier accepts as a core; undefined if it accepts no set that was tried.
 *
 * @param start the operations to begin with
 * @param named the operations that contradict the level
 */
export function provedCore(
  { history, level, judging, contradicts, restsOn }: Cutting,
  start: readonly number[],
  named: readonly number[],
  budget: Budget,
): readonly number[] | undefined {
  if (judging === undefined) return undefined
  const { key, callEvent, returnEvent, outcome, length } = history.operations
  const withRestOf = (rows: readonly number[]): readonly number[] => {
    const keys = new Set(rows.map((row) => key[row]))
    const last = level === 'linearizable' ? Math.max(...rows.map((row) => returnEvent[row])) : length * 2
    const all = new Set(rows)
    for (let row = 0; row < length && (restsOn === undefined || all.size < MANY); row++)
      if (outcome[row] !== FAIL && keys.has(key[row]) && callEvent[row] < last) all.add(row)
    return all.size < MANY || restsOn === undefined ? [...all] : [...new Set([...rows, ...restsOn(rows)])]
  }
  const among = withRestOf(named)
  if (among.length > MOST_READ) return undefined
  const context = withRestOf(among)
  if (context.length > MOST_READ) return undefined
  const lines = readLines(history, context)
  if ('why' in lines) return undefined
  const verifier = createVerifier(lines.read, { proof: 1, history: '', ...judging })
  const accepts = (rows: readonly number[]): boolean => {
    budget.look(context.length)
    return contradicts(rows) && verifier(coreEntry(level, rows, lines.lineOf)).verdict === 'accepted'
  }
  const search = { history, rows: ascending(among), accepts }
  return inTime(() => coreOf(search, start, budget, named))
}

/**
 * Returns the core of a counterexample. This is the counterexample itself if the verifier accepts it, so that the
 * drawing shows the proved operations; otherwise the smallest accepted set found. If none is accepted, returns the
 * counterexample without a proof.
 */
export function provenCore(
  history: History,
  level: string,
  { operations }: Pick<Counterexample, 'operations'>,
  reading: Reading,
): VerifierAnswer & { readonly operations: readonly number[] } {
  const explained = operations.map(({ operation }) => operation)
  const verifier = createVerifier(reading.lines.read, reading.head)
  const answerOf = (rows: readonly number[]): VerifierAnswer => verifier(coreEntry(level, rows, reading.lines.lineOf))
  let undecided: VerifierAnswer | undefined
  const accepts = (rows: readonly number[]): boolean => {
    const answer = answerOf(rows)
    if (answer.verdict === 'undecided') undecided = answer
    return answer.verdict === 'accepted'
  }
  const coreRows = operations.flatMap(({ operation, role }) => (role === 'core' ? [operation] : []))
  // For a model with guarantees, the operations with the role `core` form a pattern that breaks a guarantee. The
  // verifier checks the pattern against the whole history, so `coreOf` need not search for other operations.
  const isPattern = hasGuarantees(reading.head)
  const search = {
    history,
    rows: [...history.operations.callEvent.subarray(0, history.operations.length).keys()],
    accepts,
  }
  const budget = createBudget({ ...limitedTo(MOST_STEPS), memoryBytes: 0 })
  const core = accepts(coreRows) ? coreRows : isPattern ? undefined : coreOf(search, explained, budget)
  if (core !== undefined) return { operations: core, ...answerOf(core) }
  const isLarge = !isPattern && history.operations.length > MOST_IN_CORE
  return { operations: explained, ...(undecided ?? (isLarge ? NO_CORE : answerOf(explained))) }
}

/** If `isProved`, `operations` are proved to contradict a level, whatever the other operations of the history are. */
export interface ProvedOrders {
  readonly operations: readonly number[]
  readonly why: string
  readonly isProved: boolean
  /**
   * Each order up to the step at which it fails. Empty if the level needs no orders, or if there are too many orders.
   */
  readonly orders: readonly FailedOrder[]
}

/** An order up to its first impossible step. This step is the last of `rows`. */
export interface FailedOrder {
  /** Rows, in the order tried. A transaction that starts and commits occurs twice. */
  readonly rows: readonly number[]
  /**
   * The operation that must precede the last operation of `rows`. Undefined if the answer of the last operation is
   * impossible.
   */
  readonly missing: number | undefined
}

/** The maximum number of operations whose orders are listed. A person cannot read the orders of more. */
const MOST_LISTED = 5

/**
 * Proves that a level is violated. If the core has at most `MOST_LISTED` operations, lists the orders of the core.
 *
 * @throws UserError (input) if events cannot express the history
 */
export function proveOrders(
  history: History,
  level: string,
  counterexample: Pick<Counterexample, 'operations'>,
  judging: Judging,
): ProvedOrders {
  const lines = readLines(history)
  if ('why' in lines) throw new UserError('input', `no proof can be written: ${lines.why}. Leave --prove out`)
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
