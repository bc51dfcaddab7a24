import { type Action, isSure, type Objects, type Part } from './model.ts'
import { Undecided } from './proof.ts'

const MOST_STATES = 300_000

/**
 * Searches for a legal order that keeps `before`, in which the objects give the recorded answers. The order contains
 * all parts of operations of known outcome, and may contain parts of other operations. Tries every order, with one
 * exception: if several beginnings of orders contain the same parts and lead to equal objects, continues only one of
 * these beginnings.
 *
 * @throws Undecided for too many states.
 */
export function findOrder(
  parts: readonly Part[],
  before: (a: Part, b: Part) => boolean,
  start: Objects,
): { readonly exists: boolean; readonly tried: number } {
  const bits = parts.map((_, n) => 1n << BigInt(n))
  const setOf = (has: (part: Part) => boolean): bigint =>
    parts.reduce((all, part, n) => (has(part) ? all | (bits[n] ?? 0n) : all), 0n)
  const earlier = parts.map((part) => setOf((other) => other !== part && before(other, part)))
  const sure = setOf(({ operation }) => isSure(operation))
  const known = new Set<string>()
  let tried = 0
  const goOn = (done: bigint, now: Objects): boolean => {
    if ((sure & ~done) === 0n) return true
    const name = `${done} ${now.text()}`
    if (known.has(name)) return false
    if (known.add(name).size > MOST_STATES) throw new Undecided(`the search takes more than ${MOST_STATES} states`)
    const next = parts.flatMap((part, n) => {
      const bit = bits[n] ?? 0n
      return (done & bit) !== 0n || ((earlier[n] ?? 0n) & ~done) !== 0n ? [] : [{ part, bit }]
    })
    const place = ({ part, bit }: (typeof next)[number]): boolean | undefined => {
      const after = now.copy()
      tried++
      return after.apply(part.action, part.operation.key) ? goOn(done | bit, after) : undefined
    }
    // A part that changes nothing is placed as soon as its answer fits. Orders that place it later need not be tried:
    // at the earlier place, it makes no other part of the order illegal, because it changes nothing.
    for (const each of next) {
      const found = looks(each.part.action) ? place(each) : undefined
      if (found !== undefined) return found
    }
    return next.some((each) => !looks(each.part.action) && place(each) === true)
  }
  return { exists: goOn(0n, start), tried }
}

/** The beginning of an order, up to its first impossible operation. */
export interface DeadEnd {
  /** The tried order: the line of each operation's call. */
  readonly lines: readonly number[]
  /**
   * The line of an operation that must precede the last operation of `lines`, but is not in `lines`. Undefined if none
   * is missing: the order is then illegal because the objects would give the last operation another answer.
   */
  readonly missing: number | undefined
}

/**
 * Tries all orders of a few operations. Returns the beginning of each illegal order, up to the step that fails. If no
 * order is legal, these beginnings cover all orders.
 */
export function deadEnds(
  parts: readonly Part[],
  before: (a: Part, b: Part) => boolean,
  start: Objects,
): readonly DeadEnd[] {
  const goOn = (done: readonly Part[], now: Objects): readonly DeadEnd[] =>
    parts
      .filter((part) => !done.includes(part))
      .flatMap((part) => {
        const tried = [...done, part]
        const missing = parts.find((other) => !tried.includes(other) && before(other, part))
        const after = now.copy()
        if (missing === undefined && after.apply(part.action, part.operation.key)) return goOn(tried, after)
        return { lines: tried.map(({ operation }) => operation.line), missing: missing?.operation.line }
      })
  return goOn([], start)
}

export function looks(action: Action): boolean {
  switch (action.kind) {
    case 'cell':
      return action.writes === undefined && action.appends === undefined && action.token === undefined
    case 'contains':
    case 'all':
    case 'sums':
      return true
    case 'transaction':
      return action.at === 'once' && action.steps.every(({ isRead }) => isRead)
    default:
      return false
  }
}
