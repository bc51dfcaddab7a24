import { countedCells, countedElements, countedInTransactions } from './counted.ts'
import { type History, type Operation, textsOf } from './history.ts'
import { type Counts, everything, type Model, type Objects, type Part, partsOf, type Views } from './model.ts'
import { cells } from './objects.ts'
import { type ProofHead, refuse, undecided } from './proof.ts'
import { isBefore, type Keeps } from './replay.ts'
import { findOrder, looks } from './search.ts'
import { refuteSums } from './sums.ts'

// A core consists of a few operations of a history. Other operations may explain an answer of the core. The verifier
// therefore ignores all answers except those that only the core can explain, and then tries every order of the core.
// Ignoring an answer can only allow more orders.

/** The claim that a core refutes: some order of the operations explains all answers and obeys `keeps`. */
export interface Subject {
  readonly history: History
  readonly head: ProofHead
  readonly model: Model
  readonly keeps: Keeps
}

/**
 * Checks that no order of the core explains all of the core's checked answers. An answer is checked if no operation
 * outside the core can explain it. The core then refutes the claim, whatever the other operations did. Returns the
 * number of steps tried.
 *
 * @throws Refused if some order explains all checked answers.
 */
export function refute(
  { history, head, model, keeps }: Subject,
  lines: readonly number[],
  find: typeof findOrder = findOrder,
): number {
  const named = operationsOn(history, lines)
  const [first = refuse('a core must name at least one operation')] = named
  const isLocal = keeps === 'real time'
  if (isLocal && named.some(({ key }) => key !== first.key))
    return refuse('the operations of a core that violates linearizability must all have the same key')
  const all = isLocal ? history.operations.filter(({ key }) => key === first.key) : history.operations
  const views: Views = new Map(all.map((each) => [each, model.view(each, head)] as const))
  const core = named.filter((each) => views.get(each)?.length !== 0)
  const parts = partsOf(core, views)
  const search = (some: readonly Part[], start: Objects): number => {
    if (some.length > MOST_PARTS) undecided(`a core of ${some.length} operations is too large to search`)
    const { exists, tried } = find(some, (a, b) => precedes(keeps, a, b), start)
    return exists ? refuse('an order of the core explains every answer that only the core can explain') : tried
  }
  const returns = core.map((each) => each.return).filter(Number.isFinite)
  // In an order that keeps real time, operations that are called after the core's last return cannot change the core's
  // answers.
  const lastReturn = isLocal ? Math.max(0, ...returns) : Number.POSITIVE_INFINITY
  if (model.family === 'cells') {
    const counted = countedCells(core, views, keeps, lastReturn)
    return startsOf(head, model, counted, isLocal).reduce((tried, start) => tried + search(counted, start), 0)
  }
  const { initial = undecided('the verifier covers a core of this model only if the initial value is known') } = head
  const searchCounting = (counts: Counts): number =>
    search(
      parts,
      model.start(() => initial, counts),
    )
  if (model.family === 'transactions') {
    const counted = countedInTransactions(core, views, lastReturn)
    return searchCounting((name) => counted.has(name))
  }
  if (!isLocal) undecided('the verifier covers a core of this model only for linearizability')
  // If no operation outside the core can change an answer of the core, every answer of the core is checked completely.
  const lacksNothing = all.every(
    (each) => each.line > lastReturn || core.includes(each) || views.get(each)?.every(looks) !== false,
  )
  if (lacksNothing && parts.length <= MOST_PARTS) return searchCounting(everything)
  if (model.family === 'sums') return refuteSums(initial, parts, views)
  const counted = countedElements(core, views, lastReturn, textsOf(initial))
  return searchCounting((element) => counted.has(element))
}

const MOST_PARTS = 60

/** The operations of a core. @throws Refused if a line is not an invocation, or occurs twice. */
export function operationsOn({ byLine }: History, lines: readonly number[]): readonly Operation[] {
  if (new Set(lines).size < lines.length) return refuse('the core names an operation twice')
  return lines.map((line) => byLine[line] ?? refuse(`no operation is called on line ${line}`))
}

/** Within an operation, only a transaction's start and commit are ordered. A drain's takes may happen in any order. */
const precedes = (keeps: Keeps, a: Part, b: Part): boolean =>
  a.operation === b.operation
    ? a.action.kind === 'transaction' && a.action.at === 'start'
    : isBefore(keeps, a.operation, b.operation)

/**
 * Returns the possible initial objects of a register. If the initial value is unknown, the candidates are the values
 * that the core names, and one value that it does not name.
 */
function startsOf({ initial }: ProofHead, model: Model, parts: readonly Part[], isLocal: boolean): readonly Objects[] {
  if (initial !== undefined) return [model.start(() => initial, everything)]
  const named = parts.flatMap(({ action }) => (action.kind === 'cell' ? [action] : []))
  if (!isLocal || named.some(({ appends }) => appends !== undefined))
    return undecided('the verifier covers a core of several keys, or of text, only if the initial value is known')
  const values = named.flatMap(({ expects, differs }) => expects ?? differs ?? [])
  return ['no value', ...new Set(values)].map((value) => cells(() => value))
}
