import { type Json, UserError } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import type { Specification } from '../judge/model.ts'
import { type Budget, ticking } from '../limits/budget.ts'
import { type AnyStart, guessNothing } from '../object/model/any-start.ts'
import { type Closure, type ObjectEntry, relatedByGroups } from '../object/model/object-model.ts'
import { badOperation, jsonOf, type Part } from '../object/model/part.ts'
import { type FastAnswer, NOT_APPLICABLE, orderByMoment, violated } from '../object/model/slots.ts'
import { lockSentence } from './words.ts'

const ACQUIRE = 0
const RELEASE = 1

const lockNumbers: { readonly [f: string]: number } = {
  acquire: ACQUIRE,
  lock: ACQUIRE,
  release: RELEASE,
  unlock: RELEASE,
}

/**
 * A lock that the acquiring process releases. An acquire may return a number, its fencing token, which is greater than
 * the tokens of all earlier holders. An acquire that found the lock taken is `fail`.
 */
export const lock: ObjectEntry = {
  name: 'lock',
  aliases: ['mutex', 'fenced-lock', 'fenced-mutex'],
  summary: 'a lock with one holder at a time; its fencing tokens increase, if it returns tokens',
  functions: ['acquire', 'release'],
  levels: ['linearizable'],
  object: {
    rule: 'a lock has one holder at a time, and its tokens grow',
    explain: lockSentence,
    numbers: lockNumbers,
    reads: [],
    nameless: ACQUIRE,
    observation: { what: 'acquire', functions: ['acquire', 'lock'] },
    specification: (initial) => ({ ...specification, initial: { holder: holderOf(initial), token: undefined } }),
    fast,
    related,
  },
}

interface Lock {
  /** The process that holds the lock; undefined if none does, null if it is unknown. */
  readonly holder: string | undefined | null
  readonly token: number | undefined
}

const specification: Specification<Lock> = {
  initial: { holder: undefined, token: undefined },
  perProcess: true,
  step: ({ holder, token }, { f, process, value, output }) => {
    // Before the first operation, the holder is unknown (null) and follows from this operation.
    if (lockNumbers[f] === RELEASE) return holder === process || holder === null ? [{ holder: undefined, token }] : []
    if (typeof holder === 'string') return []
    if (typeof output !== 'number' || output === value) return [{ holder: process, token }]
    return token === undefined || output > token ? [{ holder: process, token: output }] : []
  },
  key: ({ holder, token }) => `${holder === null ? '?' : holder === undefined ? '' : `by ${holder}`}:${token ?? ''}`,
}

function holderOf(initial: Json): string | undefined {
  if (initial === null || initial === false) return undefined
  if (typeof initial === 'number' || typeof initial === 'string') return String(initial)
  throw new UserError(
    'usage',
    `the initial value of the lock is ${JSON.stringify(initial)}, which is not a process. Give the process that holds the lock at first, e.g. 0.`,
  )
}

/** An acquire, and the release of the lock by the same process. */
interface Tenure {
  readonly acquire: number
  /** -1 if the lock was never released. */
  readonly release: number
}

/** Returns the tenures of a lock. Not applicable if it is unclear which acquires and releases belong together. */
function tenures(part: Part, budget: Budget): readonly Tenure[] | FastAnswer {
  const unclear = overlapping(part, budget)
  const { length, f, process, returns } = part
  const held = new Map<number, number>()
  const made: Tenure[] = []
  for (let i = 0; i < length; i++) {
    budget.tick()
    const p = process[i]
    if (unclear.has(p)) continue
    const acquire = held.get(p)
    if (returns[i] === NEVER) {
      if (f[i] === RELEASE && acquire !== undefined) {
        made.push({ acquire, release: i })
        held.delete(p)
      }
    } else if (f[i] === ACQUIRE) {
      if (acquire !== undefined) return violated([acquire, i])
      held.set(p, i)
    } else if (acquire === undefined) {
      return violated([i])
    } else {
      made.push({ acquire, release: i })
      held.delete(p)
    }
  }
  if (unclear.size > 0) return NOT_APPLICABLE
  for (const acquire of held.values()) made.push({ acquire, release: -1 })
  return made
}

/**
 * Returns the clients with overlapping operations, which may have taken effect in any order. An operation of unknown
 * outcome overlaps every later one.
 */
function overlapping({ length, process, calls, returns }: Part, budget: Budget): ReadonlySet<number> {
  const busyUntil = new Map<number, number>()
  const found = new Set<number>()
  for (let i = 0; i < length; i++) {
    budget.tick()
    const until = busyUntil.get(process[i]) ?? 0
    if (calls[i] < until) found.add(process[i])
    busyUntil.set(process[i], Math.max(until, returns[i]))
  }
  return found
}

/**
 * Decides a lock in O(n log n). A tenure holds the lock at least from the return of its acquire to the call of its
 * release. An order exists if and only if these spans are disjoint and their tokens increase.
 */
function fast(part: Part, initial: Json, budget: Budget): FastAnswer {
  if (holderOf(initial) !== undefined) return NOT_APPLICABLE
  const found = tenures(part, budget)
  if ('result' in found) return found
  const { calls, returns } = part
  const from = ({ acquire }: Tenure): number => returns[acquire]
  const to = ({ release }: Tenure): number => (release === -1 ? NEVER : calls[release])
  const sorted = found.toSorted(ticking((a, b) => from(a) - from(b), budget))
  let holder: Tenure | undefined
  let token: { readonly value: number; readonly of: Tenure } | undefined
  for (const tenure of sorted) {
    budget.tick()
    if (holder !== undefined && to(holder) > from(tenure)) return violated(both(holder, tenure))
    const value = tokenOf(part, tenure.acquire)
    if (value !== undefined) {
      if (token !== undefined && value <= token.value) return violated(both(token.of, tenure))
      token = { value, of: tenure }
    }
    holder = tenure
  }
  const moments = sorted.flatMap((tenure) => [
    { at: from(tenure), operation: tenure.acquire },
    ...(tenure.release === -1 ? [] : [{ at: to(tenure), operation: tenure.release }]),
  ])
  return { result: 'met', order: orderByMoment(moments, budget) }
}

const both = (a: Tenure, b: Tenure): readonly number[] =>
  [a.acquire, a.release, b.acquire, b.release].filter((i) => i !== -1)

function tokenOf(part: Part, acquire: number): number | undefined {
  // A completion that repeats its invocation's value has no token.
  if (part.output[acquire] === part.input[acquire]) return undefined
  const value: Json = jsonOf(part, part.output[acquire])
  if (value === null || typeof value === 'number') return value ?? undefined
  if (typeof value === 'string' || typeof value === 'boolean') return undefined
  throw badOperation(part, acquire, `a fencing token must be a number, not ${JSON.stringify(value)}.`)
}

/**
 * Groups the operations of each tenure, because the lock is free if all operations of a tenure are left out. A tenure
 * begins with a successful acquire that its client called after all its earlier operations had returned. Operations
 * that precede the client's first acquire, or overlap with it, may belong to the holder at the start.
 */
function related(part: Part, budget: Budget, initial: Json): Closure {
  const { length, f, process, calls, returns } = part
  const tenure = new Int32Array(length)
  const first = new Map<number, number>()
  const current = new Map<number, number>()
  const busyUntil = new Map<number, number>()
  const unclear = new Set<number>()
  for (let i = 0; i < length; i++) {
    const p = process[i]
    const until = busyUntil.get(p) ?? 0
    if (!current.has(p) || (f[i] === ACQUIRE && returns[i] !== NEVER && calls[i] >= until)) current.set(p, i)
    tenure[i] = current.get(p) ?? i
    if (!first.has(p)) first.set(p, i)
    if (calls[i] < until) unclear.add(tenure[i])
    busyUntil.set(p, Math.max(until, returns[i]))
  }
  const isFree = initial === null || initial === false
  const isFirst = (i: number): boolean =>
    tenure[i] === first.get(process[i]) && (f[tenure[i]] === RELEASE || (unclear.has(tenure[i]) && !isFree))
  return relatedByGroups(part, (i) => [tenure[i]], budget, isFirst)
}

export const lockFromAny: AnyStart = {
  specification: { ...specification, initial: { holder: null, token: undefined } },
  guesses: guessNothing,
}
