import type { Report } from '@chaosproxy/checker'
import type { Json } from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { checkHistory, resultOf } from '../checking.ts'
import { many } from '../many.ts'
import { type StampedOperation, stampedHistory } from '../stamped.ts'

// Tests histories in which events may have equal stamps. Such events are unordered, except within a process. `fewest`
// orders two operations only if the stamps prove that the first ended before the second began. `most` also orders them
// if the first may have ended before the second began, but not the reverse. The verdict must be `met` if a legal order
// of all operations keeps all orders in `most`. It must be `violated` if no legal order keeps the orders in `fewest`.

const random = (seed: number) => {
  let state = seed >>> 0
  return (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** For each model, a function that returns the state after an operation, or `illegal`. States are JSON texts. */
const specifications: { readonly [model: string]: (state: Json, operation: StampedOperation) => Json | 'illegal' } = {
  register: (state, { f, input, output, end }) =>
    f === 'write' ? (input ?? null) : end === undefined || state === output ? state : 'illegal',
  counter: (state, { f, input, output, end }) =>
    f === 'add' ? Number(state) + Number(input) : end === undefined || state === output ? state : 'illegal',
  set: (state, { f, input, output, end }) =>
    f === 'add'
      ? [...new Set([...(state as number[]), input as number])].sort()
      : end === undefined || JSON.stringify(state) === JSON.stringify(output)
        ? state
        : 'illegal',
  queue: (state, { f, input, output, end }) => {
    const items = state as number[]
    if (f === 'enqueue') return [...items, input ?? null]
    if (end === undefined) return items.slice(1)
    return items[0] === output ? items.slice(1) : 'illegal'
  },
  'rw-register': (state, operation) => afterTransaction(state, operation, 'w', null),
  'list-append': (state, operation) => afterTransaction(state, operation, 'append', []),
  lock: (state, { f, client }) => {
    if (f === 'acquire') return state === null ? client : 'illegal'
    return state === client ? null : 'illegal'
  },
}

/**
 * Returns the state after the micro-operations of a transaction. If the transaction got no answer, its reads fit any
 * state.
 */
function afterTransaction(
  state: Json,
  { input, output, end }: StampedOperation,
  write: string,
  empty: Json,
): Json | 'illegal' {
  const held: { [key: string]: Json } = { ...(state as { readonly [key: string]: Json }) }
  for (const [f, key, value] of (end === undefined ? input : output) as [string, string, Json][]) {
    const before = held[key] ?? empty
    if (f === write) held[key] = write === 'w' ? value : [...(before as Json[]), value]
    else if (end !== undefined && JSON.stringify(before) !== JSON.stringify(value)) return 'illegal'
  }
  return held
}

const starts: { readonly [model: string]: Json } = {
  register: null,
  counter: 0,
  set: [],
  queue: [],
  lock: null,
  'rw-register': {},
  'list-append': {},
}

type Before = (a: number, b: number) => boolean

const NEVER = Number.POSITIVE_INFINITY

/** One operation precedes another only if their stamps prove it, or if one client performed both in this order. */
const fewest =
  (operations: readonly StampedOperation[], skew = 0): Before =>
  (a, b) => {
    const [one, other] = [operations[a]!, operations[b]!]
    if (one.end === undefined) return false
    return one.client === other.client ? a < b : one.end + skew < other.call
  }

/**
 * Operation `a` precedes `b` if `fewest` orders them so, or if `a` may have ended before `b` began, but `b` cannot have
 * ended before `a` began.
 */
const most = (operations: readonly StampedOperation[]): Before => {
  const isCertain = fewest(operations)
  const mayBe = (one: StampedOperation, other: StampedOperation): boolean => (one.end ?? NEVER) <= other.call
  return (a, b) => {
    const [one, other] = [operations[a]!, operations[b]!]
    return isCertain(a, b) || (one.client !== other.client && mayBe(one, other) && !mayBe(other, one))
  }
}

/** Reports whether some legal order contains all completed operations. The order may omit the others. */
function isExplained(model: string, operations: readonly StampedOperation[], before: Before): boolean {
  const step = specifications[model]!
  const seen = new Set<string>()
  const search = (done: readonly boolean[], states: { readonly [key: string]: Json }): boolean => {
    if (operations.every(({ end }, n) => done[n] || end === undefined)) return true
    const name = JSON.stringify([done, states])
    if (seen.has(name)) return false
    seen.add(name)
    return operations.some((operation, n) => {
      const { key = '' } = operation
      if (done[n] || operations.some((_, other) => !done[other] && before(other, n))) return false
      const after = step(states[key] ?? starts[model]!, operation)
      return after !== 'illegal' && search(done.with(n, true), { ...states, [key]: after })
    })
  }
  return search(
    operations.map(() => false),
    {},
  )
}

/** Models without keys. */
const WHOLE = ['lock', 'rw-register', 'list-append']

const APART = ['counter', 'set', 'queue']

/**
 * Operations that clients of an object perform in some sequential order. Sometimes an answer is replaced by another
 * one.
 */
function randomOperations(model: string, below: (limit: number) => number): StampedOperation[] {
  const clients = 2 + below(3)
  const keys = WHOLE.includes(model) ? 1 : 1 + below(2)
  const span = 1 + below(4)
  const free = Array.from({ length: clients }, () => below(span))
  const gone = new Set<number>()
  const states = new Map<string, Json>()
  const operations: StampedOperation[] = []
  const total = 3 + below(6)
  for (let n = 0; n < total; n++) {
    const client = below(clients)
    if (gone.has(client)) continue
    const call = (free[client] ?? 0) + below(2)
    const end = call + below(2)
    free[client] = end
    const key = keys === 1 ? undefined : `k${below(keys)}`
    const state = states.get(key ?? '') ?? starts[model]!
    const isLost = below(12) === 0
    const made = randomOperation(model, state, n, client, below)
    if (made === undefined) continue
    const operation = { ...made, client, key, call, end: isLost ? undefined : end }
    const after = specifications[model]!(state, operation)
    if (after !== 'illegal') states.set(key ?? '', after)
    if (isLost) gone.add(client)
    operations.push(operation)
  }
  return operations
}

function randomOperation(
  model: string,
  state: Json,
  n: number,
  client: number,
  below: (limit: number) => number,
): Pick<StampedOperation, 'f' | 'input' | 'output'> | undefined {
  const isRead = below(2) === 0
  const isOdd = below(4) === 0
  switch (model) {
    case 'register':
      return isRead ? { f: 'read', output: isOdd ? 1 + below(3) : state } : { f: 'write', input: 1 + below(4) }
    case 'counter':
      return isRead ? { f: 'read', output: Number(state) + (isOdd ? 1 : 0) } : { f: 'add', input: 1 + below(2) }
    case 'set':
      return isRead
        ? { f: 'read', output: isOdd ? (state as number[]).slice(1) : state }
        : { f: 'add', input: 1 + below(5) }
    case 'queue': {
      const [first] = state as number[]
      if (!isRead || first === undefined) return { f: 'enqueue', input: n }
      return { f: 'dequeue', output: isOdd ? ((state as number[])[1] ?? first) : first }
    }
    case 'rw-register':
    case 'list-append':
      return randomTransaction(model, state, n, below)
    default:
      return { f: state === client ? 'release' : isOdd && state !== null ? 'release' : 'acquire' }
  }
}

function randomTransaction(
  model: string,
  state: Json,
  n: number,
  below: (limit: number) => number,
): Pick<StampedOperation, 'f' | 'input' | 'output'> {
  const [write, empty]: [string, Json] = model === 'rw-register' ? ['w', null] : ['append', []]
  const input = Array.from({ length: 1 + below(2) }, (_, at): [string, string, Json] => {
    const key = below(2) === 0 ? 'x' : 'y'
    return below(2) === 0 ? ['r', key, null] : [write, key, 10 * n + at]
  })
  let held = state as { readonly [key: string]: Json }
  const output = input.map(([f, key, value]): Json => {
    const before = held[key] ?? empty
    if (f === 'r') {
      if (below(5) > 0) return [f, key, before]
      return [f, key, Array.isArray(before) ? before.slice(0, -1) : below(2) === 0 ? null : before]
    }
    held = { ...held, [key]: model === 'rw-register' ? value : [...(before as Json[]), value] }
    return [f, key, value]
  })
  return { f: 'txn', input, output }
}

const levelOf = (model: string): string => (model.includes('-') ? 'strict-serializable' : 'linearizable')

const judge = async (
  model: string,
  operations: readonly StampedOperation[],
  skewNanos?: number | undefined,
): Promise<Report> =>
  checkHistory(await stampedHistory(operations, { skewNanos }), {
    model,
    initial: model === 'counter' ? 0 : null,
    levels: [levelOf(model)] as never,
  })

const LINES_THAT_TIE =
  /^the return in line \d+ and the call in line \d+ have the same stamp, and the verdict depends on which came first\./

describe('a history with equal timestamps', () => {
  test.each(Object.keys(specifications))(
    'the verdict on equal timestamps combines the verdicts of all orders that they allow, for the model %s',
    async (model) => {
      const below = random(inject('seed') + model.length)
      const results = { met: 0, unknown: 0, violated: 0 }
      let [named, leftOpen] = [0, 0]
      for (let trial = 0; trial < many(3_000); trial++) {
        const operations = randomOperations(model, below)
        if (operations.length === 0) continue
        const isPossible = isExplained(model, operations, fewest(operations))
        const isSure = isPossible && isExplained(model, operations, most(operations))
        const report = await judge(model, operations)
        const verdict = report.levels[levelOf(model) as 'linearizable']
        const { result } = verdict
        results[result]++
        const expected = isSure ? 'met' : isPossible ? 'unknown' : 'violated'
        // Objects other than registers are judged one by one, so a contradiction between objects may stay undecided.
        const isLeftOpen = result === 'unknown' && !isPossible && APART.includes(model)
        if (isLeftOpen) leftOpen++
        const found = isLeftOpen ? expected : result
        expect(`${found}: ${JSON.stringify(operations)}`).toBe(`${expected}: ${JSON.stringify(operations)}`)
        if (verdict.result !== 'unknown' || isLeftOpen) continue
        if (LINES_THAT_TIE.test(verdict.reason.text)) named++
        else expect(verdict.reason.text).toContain('the order of events whose stamps are equal')
      }
      expect(Math.min(results.met, results.unknown, results.violated)).toBeGreaterThan(0)
      // The checker may judge a reduced set of operations. This set does not always show which two events have an
      // unknown order.
      expect(named).toBeGreaterThan(0.95 * (results.unknown - leftOpen))
    },
  )
})

describe("two clients with equal timestamps that each miss the other's change", () => {
  const crossed = (change: string, value: number, before: Json): StampedOperation[] =>
    [0, 1].flatMap((client) => {
      const common = { client, call: 5, end: 5 }
      const [own, other] = client === 0 ? ['x', 'y'] : ['y', 'x']
      return [
        { ...common, f: change, key: own, input: value },
        { ...common, f: 'read', key: other, output: before },
      ]
    })

  test("two clients with equal timestamps that miss each other's change violate linearizability of registers", async () => {
    expect(resultOf(await judge('register', crossed('write', 1, null)), 'linearizable')).toBe('violated')
  })

  test("counters with equal timestamps stay unknown if two clients miss each other's change", async () => {
    expect(resultOf(await judge('counter', crossed('add', 1, 0)), 'linearizable')).toBe('unknown')
  })
})

test('a check with clock skew reports a violation exactly if no order within the skew is legal', async () => {
  const below = random(inject('seed') + 100)
  const results = { met: 0, unknown: 0, violated: 0 }
  for (let trial = 0; trial < many(3_000); trial++) {
    const operations = randomOperations('register', below)
    if (operations.length === 0) continue
    const skew = 1 + below(2)
    const result = resultOf(await judge('register', operations, skew), 'linearizable')
    results[result]++
    const isPossible = isExplained('register', operations, fewest(operations, skew))
    expect({ isViolated: result === 'violated', operations, skew }).toEqual({
      isViolated: !isPossible,
      operations,
      skew,
    })
    if (result === 'met') expect(isExplained('register', operations, most(operations))).toBe(true)
  }
  expect(Math.min(results.unknown, results.violated)).toBeGreaterThan(0)
})
