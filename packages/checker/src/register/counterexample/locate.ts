import type { Json } from '@chaosproxy/history'
import { CAS, DIFFERS, type Encoded, NEVER, NOTHING, prefix, READ, restrict, WRITE } from '../../encoding/encoded.ts'
import { ascending, range } from '../../encoding/lists.ts'
import { type Budget, createAllowance, inTime } from '../../limits/budget.ts'
import { firstWhere } from '../../search/halving.ts'
import { MOST_OPERATIONS } from '../../verdict/verdict.ts'
import type { Linearizability } from '../linearizable/portfolio/answer.ts'
import { violatesLinearizability } from '../linearizable/portfolio/small.ts'
import { createCompletion } from './sources.ts'

type Violated = Extract<Linearizability, { readonly result: 'violated' }>
type JsonOf = (name: number) => Json

/**
 * A part of one key's history that is contradictory by itself. Its events up to `culpritReturn` suffice for the
 * contradiction.
 */
export interface Located {
  readonly part: Encoded
  readonly culpritReturn: number
}

/** From this length on, a history is narrowed to a part before its reduction. */
export const LONG = 10_000

const stepsFor = (some: Encoded): number => 60_000 + 100 * some.length

/**
 * Finds a few hundred operations that are contradictory by themselves, near the visible contradiction of a long
 * history. This makes all later steps fast. Includes every operation on which the result of an included operation may
 * depend (see `createCompletion`).
 *
 * @throws OutOfTime
 */
export function locate(violated: Violated, jsonOf: JsonOf, budget: Budget): Located | undefined {
  const { part, conflict } = violated
  if (conflict.length > 0) {
    const named = part.hasAppend
      ? createCompletion(part, 'real time', jsonOf, budget)(conflict)
      : closure(part, conflict, MOST_LOCATED)
    const located = named && firstContradiction(withRecent(part, named), jsonOf, budget)
    if (located !== undefined) return located
  }
  const culpritReturn = violated.culpritReturn()
  if (part.hasAppend) return undefined
  for (const events of WINDOWS) {
    if (events >= culpritReturn) return undefined
    const window = windowBefore(part, culpritReturn, culpritReturn - events)
    if (window === undefined) return undefined
    if (violatesLinearizability(window, jsonOf, budget, stepsFor(window)) === true) {
      return { part: window, culpritReturn }
    }
  }
  return undefined
}

/**
 * The maximum number of operations of a contradiction, including all on which their results may depend. A larger
 * contradiction is not judged separately from the history.
 */
const MOST_LOCATED = 4_096

/** Window sizes, in event positions before the culprit's return. */
const WINDOWS = [256, 2_048, 16_384, 131_072] as const

/** The number of operations shown before the contradiction, so that a person can see the state of the object. */
const RECENT = 128

/**
 * Returns the part of the history that contains the `named` operations, up to `RECENT` operations called before the
 * contradiction ends, and every operation on which the results of any of these may depend. With appends, or with more
 * than `MOST_LOCATED` operations, returns only the `named` operations.
 */
function withRecent(part: Encoded, named: readonly number[]): Encoded {
  const last = named.reduce((latest, i) => (part.returns[i] === NEVER ? latest : Math.max(latest, part.returns[i])), 0)
  const recent: number[] = []
  for (let i = named[named.length - 1]; i >= 0 && recent.length < RECENT; i--) if (part.calls[i] < last) recent.push(i)
  const wider = closure(part, [...named, ...recent], MOST_LOCATED) ?? named
  return restrict(part, part.hasAppend ? named : wider)
}

/** @throws OutOfTime */
function firstContradiction(some: Encoded, jsonOf: JsonOf, budget: Budget): Located | undefined {
  const isViolatedBy = (position: number): boolean => {
    const known = prefix(some, position)
    return violatesLinearizability(known, jsonOf, budget, stepsFor(known)) === true
  }
  const returns = Array.from(some.returns)
    .filter((position) => position !== NEVER)
    .sort((a, b) => a - b)
  if (returns.length === 0 || !isViolatedBy(returns[returns.length - 1])) return undefined
  const first = firstWhere(0, returns.length - 1, (at) => isViolatedBy(returns[at]))
  return { part: some, culpritReturn: returns[first] }
}

/**
 * Adds, recursively, every write that the results of some operations may depend on. For histories without appends.
 * Undefined beyond `most` operations, because larger sets are not worth trying.
 */
export function closure(encoded: Encoded, some: readonly number[], most: number): readonly number[] | undefined {
  const { length, kind, expects, writes, key, values, initial } = encoded
  const kept = new Set(some)
  let fresh: Iterable<number> = some
  const wanted = new Uint8Array(values)
  const names = new Set<number>()
  for (;;) {
    let more = 0
    for (const i of fresh) {
      const name = key[i] * values + expects[i]
      if (expects[i] === NOTHING || kind[i] === DIFFERS || expects[i] === initial || names.has(name)) continue
      names.add(name)
      wanted[expects[i]] = 1
      more++
    }
    if (more === 0) return ascending(kept)
    const added: number[] = []
    for (let i = 0; i < length; i++) {
      if (writes[i] === NOTHING || wanted[writes[i]] === 0 || !names.has(key[i] * values + writes[i])) continue
      if (kept.has(i)) continue
      kept.add(i)
      added.push(i)
    }
    if (kept.size > most) return undefined
    fresh = added
  }
}

/**
 * Returns the operations that returned after the event `from`, up to `culpritReturn`, and every operation on which
 * their results may depend. Returns undefined if there is no hiding write.
 *
 * Of the operations that returned after `from`, take the one called first. The hiding write is a write that returned
 * before this call; of several such writes, the one called last. The results cannot depend on writes that precede the
 * hiding write, so operations that returned before its call are omitted. A cas that overlaps the hiding write may also
 * precede it, so the returned part treats such a cas as optional.
 */
function windowBefore(part: Encoded, culpritReturn: number, from: number): Encoded | undefined {
  const { length, kind, calls, returns } = part
  let firstCall = calls[length - 1]
  for (let i = 0; i < length; i++) {
    if (returns[i] > from && returns[i] !== NEVER && calls[i] < firstCall) firstCall = calls[i]
  }
  let hiding = -1
  for (let i = 0; i < length && calls[i] < firstCall; i++) {
    if (kind[i] === WRITE && returns[i] < firstCall && (hiding === -1 || calls[i] > calls[hiding])) hiding = i
  }
  if (hiding === -1) return undefined
  const indices: number[] = []
  for (let i = 0; i < length && calls[i] <= culpritReturn; i++) {
    if (returns[i] <= calls[hiding]) continue
    const observes = kind[i] === READ || kind[i] === DIFFERS
    if (observes ? returns[i] > from && returns[i] <= culpritReturn : true) indices.push(i)
  }
  const window = restrict(part, indices)
  for (let i = 0; i < window.length; i++) {
    if (window.kind[i] === CAS && window.calls[i] < returns[hiding]) window.returns[i] = NEVER
  }
  return window
}

/** The limit for verifying a candidate, as a number of budget checks. The clock is not read. */
const ALLOWED_LOOKS = 200

/**
 * Returns at most `MOST_OPERATIONS` near the contradiction, and whether they are contradictory by themselves. Does not
 * read the clock.
 */
export function nearest(violated: Violated, jsonOf: JsonOf): { readonly set: Encoded; readonly standsAlone: boolean } {
  const { part, conflict } = violated
  const allowance = createAllowance(ALLOWED_LOOKS)
  const contradicts = (some: Encoded): boolean =>
    inTime(
      () => violatesLinearizability(some, jsonOf, allowance, stepsFor(some)) === true,
      () => false,
    )
  const named =
    conflict.length === 0 ? [] : ((part.hasAppend ? undefined : closure(part, conflict, MOST_OPERATIONS)) ?? conflict)
  if (named.length > 0) {
    const set = restrict(part, named.slice(-MOST_OPERATIONS))
    if (contradicts(set)) return { set, standsAlone: true }
  }
  const end = inTime(() => violated.culpritReturn())
  const around = end ?? (named.length > 0 ? part.returns[named[named.length - 1]] : NEVER)
  const all = range(0, part.length)
  if (part.length <= MOST_OPERATIONS) return { set: part, standsAlone: contradicts(part) }
  const set = restrict(part, lastBefore(part, all, around, named))
  return { set, standsAlone: contradicts(set) }
}

/** Returns the last operations called before an event, and the `named` ones. */
function lastBefore(
  { calls }: Encoded,
  all: readonly number[],
  end: number,
  named: readonly number[],
): readonly number[] {
  const before = all.filter((i) => calls[i] <= end).slice(-(MOST_OPERATIONS - named.length))
  return ascending([...named, ...before])
}
