import type { Model } from '@chaosproxy/checker'
import {
  type EventInput,
  type History,
  historyFromEvents,
  inputOf,
  type Json,
  outputOf,
  withRequestedValues,
} from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { unmetNeeds } from '../../src/index.ts'
import { isObjectLinearizable } from '../brute-objects.ts'
import { checkHistory } from '../checking.ts'
import { kinds, randomObjectEvents } from '../random-objects.ts'

const stack: Model<readonly Json[]> = {
  name: 'stack',
  initial: [],
  apply: (items, { f, value }) => (f === 'push' ? [[...items, value]] : [items.slice(0, -1), items.at(-1) ?? null]),
  key: (items) => JSON.stringify(items),
}

/** Registers by name: `{"name":"x"}` reads, `{"name":"x","to":1}` writes. */
const registers: Model<Json> = {
  name: 'registers',
  initial: null,
  apply: (state, { f, value }) => (f === 'write' ? [(value as { to: Json }).to] : [state, state]),
  key: (state) => JSON.stringify(state),
  shard: ({ value }) => (value as { name: string }).name,
  reads: ['read'],
}

const counter: Model<number> = {
  name: 'my-counter',
  initial: 0,
  apply: (count, { f, value }) => (f === 'read' ? [count, count] : [count + Number(value)]),
  key: String,
  reads: ['read'],
}

const quickCounter: Model<number> = {
  ...counter,
  integers: {
    initial: 1000,
    // Codes of additions are even, and codes of reads are odd.
    encode: ({ f, value }, output) => (f === 'read' ? 2 * (1000 + Number(output)) + 1 : 2 * (1000 + Number(value))),
    step: (count, code) => {
      if ((code & 1) === 0) return count + (code >> 1) - 1000
      return code >> 1 === count ? count : -1
    },
  },
}

const judge = (events: readonly EventInput[], model: Model<unknown>): string =>
  checkHistory(historyFromEvents(events), { model, levels: ['linearizable'] }).levels.linearizable.result

const call = (process: number, f: string, value: Json = null): EventInput => ({ process, type: 'invoke', f, value })
const ok = (process: number, f: string, value: Json = null): EventInput => ({ process, type: 'ok', f, value })

test("check judges a stack by a user's model", () => {
  const pushes = [call(0, 'push', 1), ok(0, 'push', 1), call(0, 'push', 2), ok(0, 'push', 2)]
  expect(judge([...pushes, call(1, 'pop'), ok(1, 'pop', 2)], stack)).toBe('met')
  expect(judge([...pushes, call(1, 'pop'), ok(1, 'pop', 1)], stack)).toBe('violated')
  // If the second push is still open, the first one may be on top.
  const overlapping = [call(0, 'push', 1), ok(0, 'push', 1), call(0, 'push', 2), call(1, 'pop')]
  expect(judge([...overlapping, ok(1, 'pop', 1), ok(0, 'push', 2)], stack)).toBe('met')
})

test("a counterexample of a user's model shows the model's answer only where the operations have one order", () => {
  const sentence = (events: readonly EventInput[]): string | undefined => {
    const { linearizable } = checkHistory(historyFromEvents(events), { model: stack }).levels
    return linearizable.result === 'violated' ? linearizable.counterexample.sentence : undefined
  }
  const pushes = [call(0, 'push', 1), ok(0, 'push', null), call(0, 'push', 2), ok(0, 'push', null)]
  const popped = [...pushes, call(1, 'pop'), ok(1, 'pop', 1)]
  expect(sentence(popped)).toContain('but the model answers 2 instead of 1: no order')
  const overlapping = [...pushes.slice(0, 2), call(1, 'pop'), call(2, 'pop'), ok(1, 'pop', 3), ok(2, 'pop', 3)]
  expect(sentence(overlapping)).toContain('no order')
  expect(sentence(overlapping)).not.toContain('but the model')
})

test('an operation of unknown outcome may take effect immediately or later, but only once', () => {
  const pushed = [call(0, 'push', 1), { process: 0, type: 'info', f: 'push', value: 1 }] as const
  expect(judge([...pushed, call(1, 'pop'), ok(1, 'pop', 1)], stack)).toBe('met')
  expect(judge([...pushed, call(1, 'pop'), ok(1, 'pop', null), call(1, 'pop'), ok(1, 'pop', 1)], stack)).toBe('met')
  expect(judge([...pushed, call(1, 'pop'), ok(1, 'pop', 1), call(1, 'pop'), ok(1, 'pop', 1)], stack)).toBe('violated')
})

test("check judges each part separately if a user's model divides operations into parts", () => {
  const write = (process: number, name: string, to: Json): EventInput[] => [
    call(process, 'write', { name, to }),
    ok(process, 'write', { name, to }),
  ]
  const read = (process: number, name: string, value: Json): EventInput[] => [
    call(process, 'read', { name }),
    ok(process, 'read', value),
  ]
  expect(judge([...write(0, 'x', 1), ...write(0, 'y', 2), ...read(1, 'x', 1), ...read(1, 'y', 2)], registers)).toBe(
    'met',
  )
  expect(judge([...write(0, 'x', 1), ...write(0, 'y', 2), ...read(1, 'x', 2)], registers)).toBe('violated')
})

test("check names the operation on which a user's model threw an error", () => {
  const strict: Model<number> = {
    ...counter,
    apply: (count, input) => {
      if (typeof input.value === 'string') throw new TypeError('not a number')
      return counter.apply(count, input)
    },
  }
  const events = [call(0, 'add', 1), ok(0, 'add', 1), call(0, 'add', 'two'), ok(0, 'add', 'two')]
  expect(() => judge(events, strict)).toThrow('line 3: the model threw on "add" of "two": not a number.')
  const encoding = { ...quickCounter.integers!, encode: (): number => Number(BigInt('x')) }
  expect(() => judge(events, { ...quickCounter, integers: encoding })).toThrow('line 1: the model threw on "add" of 1')
})

const judgeStack = (model: Partial<Model<readonly Json[]>>): string =>
  judge([call(0, 'push', 1), ok(0, 'push', 1), call(1, 'pop'), ok(1, 'pop', 1), call(1, 'pop'), ok(1, 'pop')], {
    ...stack,
    ...model,
  } as Model<unknown>)

describe("a mistake in a user's model", () => {
  let calls = 0
  test.each<readonly [title: string, model: Partial<Model<readonly Json[]>>, message: RegExp]>([
    [
      'equal keys of different states',
      { key: () => '' },
      /line 1: .*"key" returned "" for two states, but "pop" acts differently on them/,
    ],
    [
      'a key that depends on chance',
      { key: () => String(calls++) },
      /"key" returned two different texts for one state/,
    ],
    [
      'a result that depends on earlier calls',
      { apply: (items) => [items, calls++] },
      /line 1: .*"apply" returned two different results for one state and one request/,
    ],
    ['a read that changes the state', { reads: ['pop'] }, /"apply" changed the state, although "reads" contains "pop"/],
    [
      'an output that is no number',
      { apply: (items, { f }) => (f === 'push' ? [[1]] : [items, Number.NaN]) },
      /"apply" returned the output NaN, which is not plain JSON/,
    ],
    [
      'an output with an undefined member',
      { apply: (items, { f }) => (f === 'push' ? [[1]] : [items, { top: undefined } as unknown as Json]) },
      /which is not plain JSON/,
    ],
    [
      'an output that is a Map',
      { apply: (items, { f }) => (f === 'push' ? [[1]] : [items, new Map() as unknown as Json]) },
      /the output a Map, which is not plain JSON/,
    ],
  ])("check refuses a user's model with %s", (_, model, message) => {
    expect(judgeStack(stack)).toBe('met')
    expect(() => judgeStack(model)).toThrow(message)
  })

  test.each([0.5, Number.NaN, -2, 2 ** 31])('check refuses %d as the state of an integer model', (state) => {
    const integers = { ...quickCounter.integers!, step: () => state }
    expect(() => judge([call(0, 'add', 1), ok(0, 'add', 1)], { ...quickCounter, integers })).toThrow(
      `the model returned ${state} from "integers.step"`,
    )
  })
})

test("two states of a user's model may share a key if no operation distinguishes them", () => {
  const parity: Model<number> = {
    name: 'parity',
    initial: 0,
    apply: (sum, { f }) => (f === 'read' ? [sum, sum % 2] : [sum + 1]),
    key: (sum) => String(sum % 2),
  }
  const adds = [call(0, 'add'), ok(0, 'add'), call(0, 'add'), ok(0, 'add')]
  expect(judge([...adds, call(0, 'read'), ok(0, 'read', 0)], parity)).toBe('met')
  expect(judge([...adds, call(0, 'read'), ok(0, 'read', 1)], parity)).toBe('violated')
})

test("a user's model without a 'from' function accepts only its own initial value", () => {
  const history = historyFromEvents([call(0, 'pop'), ok(0, 'pop', null)])
  const from = (initial: Json) => checkHistory(history, { model: stack, initial, levels: ['linearizable'] })
  expect(() => from([1])).toThrow('the model stack cannot begin with the initial value [1], because it has no "from".')
  expect(from([]).levels.linearizable.result).toBe('met')
  const begun = { ...stack, from: (given: Json) => given as readonly Json[] }
  const other = checkHistory(history, { model: begun, initial: [1], levels: ['linearizable'] })
  expect(other.levels.linearizable.result).toBe('violated')
})

test("an operation of a user's model without a recorded result may have had any result", () => {
  const unsaid: EventInput = { process: 1, type: 'ok', f: 'pop' }
  const pushed = [call(0, 'push', 1), ok(0, 'push', 1), call(1, 'pop'), unsaid]
  expect(judge([...pushed, call(1, 'pop'), ok(1, 'pop', null)], stack)).toBe('met')
  expect(judge([...pushed, call(1, 'pop'), ok(1, 'pop', 1)], stack)).toBe('violated')
  expect(unmetNeeds(historyFromEvents(pushed), { model: stack, initial: null })).toHaveLength(1)
})

test.each(['put', 'write', 'cas'])(
  "a user's model treats the answer to %s as a result, and not as the value of the request",
  (f) => {
    const swap: Model<Json> = {
      name: 'swap',
      initial: null,
      apply: (held, { f, value }) => (f === 'get' ? [held, held] : [value, held]),
      key: (held) => JSON.stringify(held),
    }
    const [one, two] =
      f === 'cas'
        ? [
            [0, 1],
            [1, 2],
          ]
        : [1, 2]
    const swaps = [call(0, f, one), ok(0, f, null), call(0, f, two), ok(0, f, one), call(0, 'get')]
    expect(judge([...swaps, ok(0, 'get', two)], swap)).toBe('met')
    expect(judge([...swaps, ok(0, 'get', one)], swap)).toBe('violated')
    const history = withRequestedValues(historyFromEvents(swaps))
    expect([inputOf(history, 1), outputOf(history, 1), history.warnings]).toEqual([two, one, []])
  },
)

test("a user's model of a counter agrees with the definition on 1,000 histories, with and without integer encoding", () => {
  const baseSeed = inject('seed')
  for (let seed = baseSeed; seed < baseSeed + 1_000; seed++) {
    const random = randomFrom(seed)
    const shape = { processes: 3, operations: 7, unknown: random() < 0.5 ? 0.2 : 0, failed: 0.05, mutated: 0.1 }
    const history: History = smallHistory(randomObjectEvents(kinds['counter']!(random), shape, random))
    const expected = isObjectLinearizable('counter', history) ? 'met' : 'violated'
    for (const model of [counter, quickCounter]) {
      const found = checkHistory(history, { model, levels: ['linearizable'] }).levels.linearizable.result
      if (found !== expected) expect(found, `seed ${seed}`).toBe(expected)
    }
  }
})
