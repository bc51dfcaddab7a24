import {
  answeredAt,
  FAIL,
  foundOrMade,
  functionOf,
  type History,
  type Json,
  OK,
  outputOf,
  plural,
  type ValueId,
} from '@chaosproxy/history'
import { functionTest, type OperationRow, UNJUDGED } from '../../encoding/operation-row.ts'
import { isUnknownStart } from '../../encoding/unknown-start.ts'
import type { Budget } from '../../limits/budget.ts'
import { phrase, show } from '../../verdict/words.ts'
import type { Convergence, Ended, ObjectModel, WrongEnd } from './object-model.ts'
import { unheardOf } from './words.ts'

/** An object that holds elements, and whose reads return all of them. */
interface Elements {
  /** The operation that adds an element, and its participle for sentences, such as `appended`. */
  readonly adds: string
  readonly added: string
  readonly removes?: string
  readonly atFirst: (initial: Json) => readonly Json[]
  /** Whether an element is present once for each addition, as in a list but not in a set. */
  readonly isCounted: boolean
  /** Whether reads agree only if they hold the elements in the same order. */
  readonly isOrdered: boolean
}

/** Returns those members of a model that follow from its `Elements`. */
export const membersOfElements = (elements: Elements): Pick<ObjectModel, 'beside' | 'eventual'> => ({
  beside: (history, row, { initial, output }) =>
    functionOf(history, row) === 'read'
      ? unheardOf(history, row, output, { givers: [elements.adds], given: elements.added, initial })
      : undefined,
  eventual: (ended, budget) => elementsAtEnd(ended, elements, budget),
})

/**
 * Checks the eventual consistency of sets and lists by their final reads. All final reads of a key must agree. Each
 * must hold every element that was initial, or whose addition was acknowledged before the read was called, unless some
 * operation removes this element. In addition, it may hold only elements whose addition was called before the read
 * returned.
 *
 * @throws OutOfTime
 */
function elementsAtEnd(ended: Ended, elements: Elements, budget: Budget): Convergence {
  const changes = changesOf(ended, elements, budget)
  for (const [key, reads] of ended.ending.finals) {
    const wrong = wrongRead(ended, elements, { key, reads, changes: changes.get(key) ?? [] }, budget)
    if (wrong !== undefined) return wrong
  }
  return { result: 'met' }
}

function changesOf(
  { history, ending }: Ended,
  { adds, removes }: Elements,
  budget: Budget,
): ReadonlyMap<number, readonly OperationRow[]> {
  const { key, outcome } = history.operations
  const isChange = functionTest(history, (name) => name === adds || name === removes)
  const changes = new Map<number, OperationRow[]>()
  if (ending.finals.size === 0) return changes
  for (const each of ending.finals.keys()) changes.set(each, [])
  for (let row = 0; row < history.operations.length; row++) {
    budget.tick()
    if (isChange(row) && outcome[row] !== FAIL && outcome[row] !== UNJUDGED) changes.get(key[row])?.push(row)
  }
  return changes
}

interface Own {
  readonly key: number
  readonly reads: readonly OperationRow[]
  readonly changes: readonly OperationRow[]
}

/** The least and the greatest number of times that a read may hold an element. */
interface Limit {
  least: number
  most: number
}

function wrongRead(ended: Ended, elements: Elements, own: Own, budget: Budget): WrongEnd | undefined {
  const { callEvent, output } = ended.history.operations
  const settled = lastEvent(ended.history, own.changes, budget)
  const [first] = own.reads
  let afterAll: ReadonlyMap<number, Limit> | undefined
  for (const [n, read] of own.reads.entries()) {
    const isSettled = callEvent[read] > settled
    // This read returned the same output as the first read, and the first read was right.
    if (n > 0 && isSettled && afterAll !== undefined && output[read] === output[first]) continue
    const limits = (isSettled ? afterAll : undefined) ?? limitsAt(ended, elements, own, read, budget)
    if (isSettled) afterAll = limits
    const wrong = wrongElement(ended, elements, { own, read, limits }, budget)
    if (wrong !== undefined) return wrong
    if (n > 0 && !agree(ended, elements, [first, read], budget)) {
      const [one, other] = [first, read].map((row) => show(outputOf(ended.history, row)))
      return {
        result: 'violated',
        sentence: `Final reads${ofKey(ended, own)} disagree: ${one} and ${other}.`,
        rows: [first, read],
      }
    }
  }
  return undefined
}

function lastEvent({ operations }: History, rows: readonly OperationRow[], budget: Budget): number {
  let last = -1
  for (const row of rows) {
    budget.tick()
    last = Math.max(last, operations.outcome[row] === OK ? operations.returnEvent[row] : operations.callEvent[row])
  }
  return last
}

function limitsAt(
  { history, initial }: Ended,
  { adds, atFirst, isCounted }: Elements,
  { changes }: Own,
  read: OperationRow,
  budget: Budget,
): ReadonlyMap<number, Limit> {
  const { f, input, outcome, callEvent, returnEvent } = history.operations
  const limits = new Map<number, Limit>()
  const limitOf = (value: number): Limit => {
    return foundOrMade(limits, value, () => ({ least: 0, most: 0 }))
  }
  const raise = (limit: Limit, least: number): void => {
    limit.least = isCounted ? limit.least + least : Math.max(limit.least, least)
    limit.most = isCounted ? limit.most + 1 : 1
  }
  for (const value of isUnknownStart(initial) ? [] : atFirst(initial)) raise(limitOf(history.values.id(value)), 1)
  const removed: number[] = []
  for (const row of changes) {
    budget.tick()
    if (callEvent[row] > returnEvent[read]) continue
    if (history.functions[f[row]] !== adds) removed.push(input[row])
    else raise(limitOf(input[row]), outcome[row] === OK && returnEvent[row] < callEvent[read] ? 1 : 0)
  }
  for (const value of removed) limitOf(value).least = 0
  return limits
}

interface Read {
  readonly own: Own
  readonly read: OperationRow
  readonly limits: ReadonlyMap<number, Limit>
}

function wrongElement(
  ended: Ended,
  elements: Elements,
  { own, read, limits }: Read,
  budget: Budget,
): WrongEnd | undefined {
  const { history, contents, initial } = ended
  const held = new Map<number, number>()
  for (const value of contents(read)) {
    budget.tick()
    held.set(value, (held.get(value) ?? 0) + 1)
  }
  const subject = `A final read${ofKey(ended, own)}${phrase('at', history.nodes[history.operations.node[read]])}`
  const wrong = (value: number, what: (element: string, adders: readonly OperationRow[]) => string): WrongEnd => {
    const { input, callEvent, returnEvent } = history.operations
    const adders = own.changes.filter(
      (row) => input[row] === value && functionOf(history, row) === elements.adds && callEvent[row] < returnEvent[read],
    )
    const element = show(history.values.json(value as ValueId))
    return { result: 'violated', sentence: `${subject} ${what(element, adders)}.`, rows: [...adders, read] }
  }
  for (const [value, count] of held) {
    budget.tick()
    const most = limits.get(value)?.most ?? 0
    if (count <= most || isUnknownStart(initial)) continue
    return wrong(value, (element) =>
      most === 0
        ? `contains ${element}, which ${neverAdded(history, elements, own.key, value)}`
        : `contains ${element} ${plural(count, 'time')}, though it was there ${plural(most, 'time')} at most`,
    )
  }
  for (const [value, { least }] of limits) {
    budget.tick()
    const count = held.get(value) ?? 0
    if (count >= least) continue
    return wrong(value, (element, adders) =>
      count > 0
        ? `contains ${element} ${plural(count, 'time')}, though it was there ${plural(least, 'time')} and never removed`
        : `does not contain ${element}, ${sinceWhen(history, adders, read)} and never removed`,
    )
  }
  return undefined
}

/** Describes why an element cannot be present. */
function neverAdded(history: History, { adds, added }: Elements, key: number, value: number): string {
  const { input, outcome, key: keys } = history.operations
  const isTried = (row: number): boolean =>
    functionOf(history, row) === adds && input[row] === value && keys[row] === key
  const tried = [...outcome.keys()].filter(isTried)
  if (tried.some((row) => outcome[row] === FAIL)) return `was ${added} only by an operation that failed`
  return `nobody ${tried.length === 0 ? '' : 'had yet '}${added}`
}

/** Describes since when an element must be present. */
function sinceWhen(history: History, adders: readonly OperationRow[], read: OperationRow): string {
  const { outcome, returnEvent, callEvent } = history.operations
  const before = adders.filter((row) => outcome[row] === OK && returnEvent[row] < callEvent[read])
  const first = before.toSorted((one, other) => returnEvent[one] - returnEvent[other])[0]
  return first === undefined ? 'which was there at the start' : `acknowledged at ${answeredAt(history, first)}`
}

function agree({ contents }: Ended, { isOrdered }: Elements, reads: readonly OperationRow[], budget: Budget): boolean {
  const [one, other] = reads.map((row) => (isOrdered ? contents(row) : contents(row).toSorted()))
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at++) {
    budget.tick()
    if (one[at] !== other[at]) return false
  }
  return true
}

const ofKey = ({ history }: Ended, { key }: Own): string => phrase('of', history.keys[key])
