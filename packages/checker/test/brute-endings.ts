import { FAIL, FLAG_FINAL, type History, INFO, inputOf, type Json, OK, outputOf } from '@chaosproxy/history'
import { objects } from './brute-objects.ts'

// Defines linearizability, and the levels `eventual` and `convergent`, for keyed objects with initial values. Tries
// every order and every choice of operations of unknown outcome. Shares no code with the checker.

export type Result = 'met' | 'violated' | 'unknown'

interface Op {
  readonly key: string
  readonly f: string
  readonly process: number
  readonly input: Json
  readonly output: Json
  readonly isKnown: boolean
  readonly isFinal: boolean
  readonly call: number
  readonly return: number
}

const text = (json: Json): string => JSON.stringify(json)
const sameAs = (one: Json) => (other: Json) => text(one) === text(other)

function opsOf(history: History, rows: readonly number[] | undefined): Op[] {
  const { operations: o, functions, keys } = history
  return (rows ?? Array.from({ length: o.length }, (_, row) => row)).flatMap((row): Op[] => {
    if (o.outcome[row] === FAIL) return []
    const f = functions[o.f[row]!]!
    const isKnown = o.outcome[row] === OK
    if (o.outcome[row] === INFO && (f === 'read' || f === 'contains')) return []
    return [
      {
        key: keys[o.key[row]!] ?? '',
        f,
        process: o.process[row]!,
        input: inputOf(history, row),
        output: isKnown ? outputOf(history, row) : null,
        isKnown,
        isFinal: (o.flags[row]! & FLAG_FINAL) !== 0,
        call: o.callEvent[row]!,
        return: isKnown ? o.returnEvent[row]! : Number.POSITIVE_INFINITY,
      },
    ]
  })
}

/** Returns the initial state of an object. */
function startOf(model: string, initial: Json): Json {
  if (initial === null) return objects[model]!.initial
  if (model === 'lock') return { holder: initial, token: -1 }
  if (model === 'set' || model === 'bag') return (initial as Json[]).toSorted((a, b) => (text(a) < text(b) ? -1 : 1))
  return initial
}

/**
 * Replaces each drain by dequeues. A drain takes messages one by one, in any order, until it finds none. A drain
 * without an answer may have taken any number of messages.
 */
function taken(ops: readonly Op[], initial: Json): readonly Op[] {
  const most = listOf(initial).length + ops.filter(({ f }) => f === 'enqueue').length
  return ops.flatMap((op): Op[] => {
    if (op.f !== 'drain') return [op]
    if (!op.isKnown) return Array.from({ length: most }, () => ({ ...op, f: 'dequeue' }))
    return [...listOf(op.output), null].map((output) => ({ ...op, f: 'dequeue', output }))
  })
}

function hasOrder(model: string, ops: readonly Op[], start: Json, precedes: (a: Op, b: Op) => boolean): boolean {
  const known = ops.reduce((bits, op, i) => (op.isKnown ? bits | (1 << i) : bits), 0)
  const isTwin = (one: Op, other: Op): boolean =>
    !one.isKnown && one.call === other.call && one.process === other.process
  const before = ops.map((op, i) =>
    ops.reduce((bits, other, j) => (precedes(other, op) || (j < i && isTwin(other, op)) ? bits | (1 << j) : bits), 0),
  )
  const tried = new Set<string>()
  const go = (placed: number, state: Json): boolean => {
    if ((placed & known) === known) return true
    const name = `${placed} ${text(state)}`
    if (tried.has(name)) return false
    tried.add(name)
    return ops.some((op, i) => {
      if ((placed & (1 << i)) !== 0 || (before[i]! & ~placed) !== 0) return false
      return objects[model]!.step(state, op).some((each) => go(placed | (1 << i), each))
    })
  }
  return go(0, start)
}

/** Linearizability is local, so each key is judged separately. */
export function isKeyedLinearizable(model: string, history: History, initial: Json, rows?: readonly number[]): boolean {
  const ops = opsOf(history, rows)
  const keys = [...new Set(ops.map(({ key }) => key))]
  const start = startOf(model, initial)
  const respectsTime = (a: Op, b: Op): boolean => a.return < b.call
  return keys.every((key) => {
    const own = ops.filter((op) => op.key === key)
    return hasOrder(model, taken(own, initial), start, respectsTime)
  })
}

/** The number of times that a value occurs in a list. */
const timesIn = (list: readonly Json[], value: Json): number => list.filter(sameAs(value)).length

const listOf = (value: Json): readonly Json[] => (value ?? []) as readonly Json[]

/**
 * Reports whether a final read of a set or list is correct. It must contain every element of the initial value and
 * every element acknowledged before the read, unless some operation removed the element. It must contain no element
 * that was not added. In a list, each occurrence of an element counts.
 */
function holds(model: string, ops: readonly Op[], initial: Json, read: Op): boolean {
  const often = (count: number): number => (model === 'set' ? Math.min(1, count) : count)
  const adds = ops.filter(({ f, call }) => (f === 'add' || f === 'append') && call < read.return)
  const values = [...listOf(initial), ...adds.map(({ input }) => input), ...listOf(read.output)]
  return values.every((value) => {
    const tried = adds.filter(({ input }) => sameAs(value)(input))
    const done = tried.filter((op) => op.return < read.call)
    const isRemoved = ops.some(({ f, input, call }) => f === 'remove' && call < read.return && sameAs(value)(input))
    const held = timesIn(listOf(read.output), value)
    const atFirst = timesIn(listOf(initial), value)
    return held <= often(atFirst + tried.length) && (isRemoved || held >= often(atFirst + done.length))
  })
}

/**
 * Reports whether the final read of a counter is correct. Its result must be the initial value, plus all amounts that
 * were acknowledged before the read, plus any subset of the other amounts.
 */
function adds(ops: readonly Op[], initial: Json, read: Op): boolean {
  const counted = ops.filter(({ f, call }) => f === 'add' && call < read.return)
  const sums = counted.reduce<readonly number[]>(
    (some, op) =>
      op.return < read.call
        ? some.map((sum) => sum + Number(op.input))
        : some.flatMap((sum) => [sum, sum + Number(op.input)]),
    [Number(initial ?? 0)],
  )
  return sums.includes(Number(read.output ?? initial ?? 0))
}

/**
 * The result for the final state of a key. `unread`: no operation shows the final state. `excused`: elements are
 * missing, but operations of unknown outcome may have taken them.
 */
type End = 'met' | 'violated' | 'unread' | 'excused'

interface Ends {
  readonly eventual: End
  readonly convergent: End
}

const contentOf = (model: string, output: Json, initial: Json): string =>
  model === 'counter'
    ? text(output ?? initial ?? 0)
    : text(model === 'set' ? listOf(output).map(text).toSorted() : listOf(output))

/** Returns the results for one key. Undefined if the key has no final read and no acknowledged change. */
function endOfReads(model: string, ops: readonly Op[], initial: Json): Ends | undefined {
  const finals = ops.filter(({ f, isKnown, isFinal }) => f === 'read' && isKnown && isFinal)
  if (finals.length === 0) {
    const isOwed = ops.some(({ f, isKnown }) => isKnown && f !== 'read' && f !== 'contains')
    return isOwed ? { eventual: 'unread', convergent: 'unread' } : undefined
  }
  const agree = new Set(finals.map(({ output }) => contentOf(model, output, initial))).size === 1
  const isRight = finals.every((read) =>
    model === 'counter' ? adds(ops, initial, read) : holds(model, ops, initial, read),
  )
  return { eventual: agree && isRight ? 'met' : 'violated', convergent: agree ? 'met' : 'violated' }
}

/**
 * Decides whether a queue returned all messages and no others. Returns `unread` unless some operation found the queue
 * empty after all messages had been enqueued.
 */
function endOfMessages(ops: readonly Op[], initial: Json): End | undefined {
  const puts = ops.filter(({ f }) => f === 'enqueue')
  const lastPut = Math.max(-1, ...puts.map((op) => (op.isKnown ? op.return : op.call)))
  const isDrained = ops.some(
    ({ f, isKnown, isFinal, output, call }) =>
      isKnown && call > lastPut && (f === 'drain' || (f === 'dequeue' && isFinal && output === null)),
  )
  if (!isDrained) {
    const isOwed = ops.some(({ f, isKnown, output }) => isKnown && !(f === 'dequeue' && output === null))
    return isOwed ? 'unread' : undefined
  }
  const out = ops.flatMap(({ f, isKnown, output }) => {
    if (!isKnown || f === 'enqueue') return []
    return f === 'drain' ? [...listOf(output)] : output === null ? [] : [output]
  })
  const wasPut = (value: Json): boolean => puts.some(({ input }) => sameAs(value)(input))
  if (out.some((value) => !wasPut(value) && timesIn(listOf(initial), value) === 0)) return 'violated'
  const given = [...listOf(initial), ...puts.filter(({ isKnown }) => isKnown).map(({ input }) => input)]
  const kinds = given.filter((value, at) => given.findIndex(sameAs(value)) === at)
  const missing = kinds.reduce<number>((sum, kind) => sum + Math.max(0, timesIn(given, kind) - timesIn(out, kind)), 0)
  if (missing === 0) return 'met'
  const takers = ops.filter(({ f, isKnown }) => !isKnown && f === 'dequeue').length
  const mayHaveTakenAll = ops.some(({ f, isKnown }) => !isKnown && f === 'drain')
  return mayHaveTakenAll || missing <= takers ? 'excused' : 'violated'
}

/**
 * Decides by definition whether a history is eventual and convergent. If every changed key has a final read, a
 * linearizable history is both, even if its final reads differ: operations of unknown outcome then took effect between
 * the reads.
 */
export function endingOf(
  model: string,
  history: History,
  initial: Json,
  rows?: readonly number[],
): { readonly eventual: Result; readonly convergent: Result } {
  const ops = opsOf(history, rows)
  const isMessages = model === 'queue' || model === 'bag'
  const ends = [...new Set(ops.map(({ key }) => key))].flatMap((key): Ends[] => {
    const own = ops.filter((op) => op.key === key)
    if (!isMessages) return [endOfReads(model, own, initial) ?? []].flat()
    const end = endOfMessages(own, initial)
    return end === undefined ? [] : [{ eventual: end, convergent: 'unread' }]
  })
  const isLinearizable = isKeyedLinearizable(model, history, initial, rows)
  const whole = (level: keyof Ends): Result => {
    const results = ends.map((end) => end[level])
    if (results.includes('violated') && !isLinearizable) return 'violated'
    if (results.length === 0 || results.includes('unread')) return 'unknown'
    return isLinearizable || !results.includes('excused') ? 'met' : 'unknown'
  }
  return { eventual: whole('eventual'), convergent: whole('convergent') }
}
