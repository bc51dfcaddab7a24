import { INFO, inputOf, outputOf } from '@chaos/history'
import type { Budget } from '../budget.ts'
import { shrink } from '../counterexample/shrink.ts'
import { capital, show, span } from '../counterexample/words.ts'
import { NEVER } from '../encoded.ts'
import type { Counterexample } from '../verdict.ts'
import { contradicts, type Judge } from './decide.ts'
import { choose, type Part } from './part.ts'

/** Context is shown up to this many operations. */
const MOST_SHOWN = 40
const FIRST_WINDOW = 4
const stepsFor = (part: Part): number => 20_000 + 200 * part.length

interface Violated {
  readonly part: Part
  readonly conflict: readonly number[]
  readonly until: number | undefined
}

/**
 * Cuts a contradiction down. First nothing is left out on which a result that stays may rest (see `ObjectModel.related`),
 * so that what is shown is a true explanation; then, among that, anything at all may be left out as long as what is left
 * contradicts itself: that is the core.
 */
export function explainObject(violated: Violated, judge: Judge, budget: Budget): Counterexample {
  const { part, conflict } = violated
  const all = Array.from({ length: part.length }, (_, i) => i)
  // What was called later has no part in it.
  const end = violated.until ?? NEVER
  const operations = choose(
    part,
    all.filter((i) => part.calls[i] <= end),
  )
  const isContradiction = (indices: readonly number[]): boolean =>
    contradicts(choose(operations, indices), judge, budget, stepsFor(operations)) === true
  const related = judge.related(operations)
  const start = startOf(operations, conflict, (some) => isContradiction(related(some)), budget)
  const chosen = shrink(start, (some) => isContradiction(related(some)), budget)
  const shown = related(chosen)
  const core = shrink(shown, isContradiction, budget)
  const rows = shown.length > MOST_SHOWN ? core : shown
  const inCore = new Set(core)
  const set = choose(operations, core)
  const { row } = operations
  return {
    level: 'linearizable',
    sentence: capital(sentenceOf(set, judge)),
    operations: [...new Set(rows.map((i) => row[i]))].map((r) => ({
      operation: r,
      role: rows.some((i) => row[i] === r && inCore.has(i)) ? ('core' as const) : ('context' as const),
    })),
    keys: part.key === undefined ? [] : [part.key],
    culprit: row[culpritOf(operations, core)],
  }
}

/** A part that is contradictory with what it rests on: the conflict that was named or the last operations, else all. */
function startOf(
  operations: Part,
  conflict: readonly number[],
  enough: (some: readonly number[]) => boolean,
  budget: Budget,
): readonly number[] {
  if (conflict.length > 0 && enough(conflict)) return conflict.toSorted((a, b) => a - b)
  const all = Array.from({ length: operations.length }, (_, i) => i)
  const completed = all
    .filter((i) => operations.returns[i] !== NEVER)
    .sort((a, b) => operations.returns[a] - operations.returns[b])
  for (let size = FIRST_WINDOW; size < completed.length && !budget.expired(); size *= 4) {
    const last = completed.slice(-size).sort((a, b) => a - b)
    if (enough(last)) return last
  }
  return all
}

/** The last operation of the core to return. */
function culpritOf(part: Part, core: readonly number[]): number {
  let last = core[0]
  for (const i of core) {
    if (part.returns[i] !== NEVER && (part.returns[last] === NEVER || part.returns[i] > part.returns[last])) last = i
  }
  return last
}

const MOST_TOLD = 6

/** What each operation of the core did, in order of call, and how they followed each other. */
function sentenceOf(set: Part, judge: Judge): string {
  const { history } = set
  const { callTime, returnTime } = history.operations
  const noun = judge.model.replace('-', ' ')
  const where = set.key === undefined ? '' : ` ${set.key}`
  if (set.length === 1) return `${did(set, 0)}, which no order of the operations on the ${noun}${where} explains.`
  const told = Math.min(set.length, MOST_TOLD)
  const clauses: string[] = []
  for (let i = set.length - told; i < set.length; i++) {
    const previous = i - 1
    const isFirst = clauses.length === 0
    const isAfter = !isFirst && set.returns[previous] < set.calls[i]
    const gap = isAfter
      ? `${span(callTime[set.row[i]] - returnTime[set.row[previous]])} later `
      : isFirst
        ? ''
        : 'meanwhile '
    clauses.push(`${gap}${did(set, i)}`)
  }
  const more = set.length > told ? `after ${set.length - told} other operations, ` : ''
  const last = clauses.pop()
  const listed = clauses.length === 0 ? last : `${clauses.join(', ')}, and ${last}`
  return `${more}${listed}: no order of these ${set.length} operations fits the ${noun}${where}.`
}

/** `process 4 dequeued 7 from n3 at 1.200 s` */
function did(set: Part, i: number): string {
  const { history } = set
  const { operations } = history
  const row = set.row[i]
  const f = history.functions[operations.f[row]]
  const who = `process ${history.processName(operations.process[row])}`
  const node = history.nodes[operations.node[row]]
  const at = `${node === undefined ? '' : ` at ${node}`} at ${(operations.callTime[row] / 1e9).toFixed(3)} s`
  const input = inputOf(history, row)
  const asked = input === null ? '' : ` ${show(input)}`
  if (operations.outcome[row] === INFO) return `${who} called ${f}${asked}${at}, its outcome unknown`
  const output = outputOf(history, row)
  const got = operations.output[row] === operations.input[row] ? '' : ` and got ${show(output)}`
  const nothing = output === null && judgeless(f) ? ' and found nothing' : ''
  return `${who} called ${f}${asked}${got === '' ? nothing : got}${at}`
}

const judgeless = (f: string): boolean => f === 'dequeue' || f === 'receive' || f === 'consume'
