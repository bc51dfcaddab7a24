import { countedCells, countedElements, countedInTransactions } from './counted.ts'
import { type History, type Operation, textsOf } from './history.ts'
import { everything, type Model, type Objects, type Part, partsOf, type Views } from './model.ts'
import { cells } from './objects.ts'
import { type ProofHead, refuse, Undecided } from './proof.ts'
import { isBefore, type Keeps } from './replay.ts'
import { findOrder, MOST_PARTS } from './search.ts'
import { refuteSums } from './sums.ts'

// A core is a few operations, of which nothing is said. What their answers rest on may be missing: so first it is found
// what of the core counts, the rest is dropped, which only leaves more orders, and then all orders are tried.

/** What a core is to contradict. */
export interface Subject {
  readonly history: History
  readonly head: ProofHead
  readonly model: Model
  readonly keeps: Keeps
}

/**
 * Finds that nothing explains the core, whatever else happened. Returns the number of steps tried.
 *
 * @throws Refused if some order explains what counts of it.
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
    return refuse('the operations of a core of linearizability must have one key')
  const all = isLocal ? history.operations.filter(({ key }) => key === first.key) : history.operations
  const views: Views = new Map(all.map((each) => [each, model.view(each, head)] as const))
  const core = named.filter((each) => views.get(each)?.length !== 0)
  const search = (parts: readonly Part[], start: Objects): number => {
    const { exists, tried } = find(parts, (a, b) => precedes(keeps, a, b), start)
    return exists ? refuse('no violation: what counts of these operations has an order') : tried
  }
  const parts = partsOf(core, views)
  if (model.family === 'cells') {
    const counted = countedCells(core, views, keeps)
    return startsOf(head, model, counted, isLocal).reduce((tried, start) => tried + search(counted, start), 0)
  }
  const { initial = null } = head
  if (model.family === 'transactions') {
    const counted = countedInTransactions(core, views, isLocal)
    return search(
      parts,
      model.start(
        () => initial,
        (name) => counted.has(name),
      ),
    )
  }
  if (!isLocal || head.initial === undefined)
    throw new Undecided(
      'the verifier covers a core of this model only for linearizability, and only if the initial value is known',
    )
  // What was called after the last return is no part of what led to the answers.
  const last = core.reduce((line, { return: end }) => (end < Number.POSITIVE_INFINITY ? Math.max(line, end) : line), 0)
  const isWhole = all.every((each) => each.line > last || core.includes(each) || views.get(each)?.length === 0)
  if (isWhole && parts.length <= MOST_PARTS)
    return search(
      parts,
      model.start(() => initial, everything),
    )
  if (model.family === 'sums') return refuteSums(initial, parts, views)
  const counted = countedElements(core, views, last, textsOf(initial))
  return search(
    parts,
    model.start(
      () => initial,
      (element) => counted.has(element),
    ),
  )
}

/** The operations of a core. @throws Refused if a line calls none, or is there twice. */
export function operationsOn({ byLine }: History, lines: readonly number[]): readonly Operation[] {
  if (new Set(lines).size < lines.length) return refuse('an operation of the core is there twice')
  return lines.map((line) => byLine[line] ?? refuse(`no operation is called on line ${line}`))
}

/** A transaction starts before it commits; the moments of a drain have no order. */
const precedes = (keeps: Keeps, a: Part, b: Part): boolean =>
  a.operation === b.operation
    ? a.action.kind === 'transaction' && a.action.at === 'start'
    : isBefore(keeps, a.operation, b.operation)

/** Where nobody knows what a register held at first: each value that the core names, and one that it does not. */
function startsOf({ initial }: ProofHead, model: Model, parts: readonly Part[], isLocal: boolean): readonly Objects[] {
  if (initial !== undefined) return [model.start(() => initial, everything)]
  const named = parts.flatMap(({ action }) => (action.kind === 'cell' ? [action] : []))
  if (!isLocal || named.some(({ appends }) => appends !== undefined))
    throw new Undecided('the verifier covers a core of several keys, or of text, only if the initial value is known')
  const values = named.flatMap(({ expects, differs }) => expects ?? differs ?? [])
  return ['no value', ...new Set(values)].map((value) => cells(() => value))
}
