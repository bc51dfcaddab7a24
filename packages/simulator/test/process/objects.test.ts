import { check, findModel, type Report } from '@chaosproxy/checker'
import { type Event, historyFromEvents, type Input, type Json, millis, nanos } from '@chaosproxy/history'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AnyObject } from '../../../protocols/src/objects/object.ts'
import { objects } from '../../../protocols/src/objects/registry.ts'

// The objects are written independently of the models that judge them. These tests compare objects with models.

const key = fc.constantFrom('x', 'y')
const number = fc.integer({ min: -3, max: 5 })
const account = fc.constantFrom('a', 'b')

/** Values that suit each function; null for a function without a value. */
const values: { readonly [f: string]: fc.Arbitrary<Json> } = {
  'register write': number,
  'register cas': fc.tuple(fc.oneof(number, fc.constant(null)), number),
  'counter add': number,
  'counter increment': fc.oneof(number, fc.constant(null)),
  'counter subtract': number,
  'counter decrement': fc.constant(null),
  'set add': number,
  'set remove': number,
  'set contains': number,
  'queue enqueue': number,
  'lock release': number,
  'lists append': number,
  'bank transfer': fc.record({ from: account, to: account, amount: fc.integer({ min: 0, max: 90 }), id: number }),
  'bank deposit': fc.record({ account, amount: fc.integer({ min: 0, max: 90 }) }),
  'bank withdraw': fc.record({ account, amount: fc.integer({ min: 0, max: 90 }) }),
  'log append': fc.integer({ min: 100, max: 105 }),
  'log send': fc.integer({ min: 100, max: 105 }),
  'log read': fc.oneof(fc.constant(null), fc.nat(3)),
  'work-queue enqueue': number,
  'work-queue take': fc.oneof(fc.nat(50), fc.constant(null)),
  'log poll': fc.record({ offset: fc.nat(3), limit: fc.nat(3) }),
}

/** By object: the name of its model, if it differs from the object's name, and the object's initial value. */
const judges: { readonly [object: string]: { readonly model: string; readonly initial?: Json } } = {
  lists: { model: 'list-append' },
  ids: { model: 'unique-ids' },
  bank: { model: 'bank', initial: { a: 100_000, b: 100_000, c: 100_000, d: 100_000, e: 100_000 } },
}

/**
 * The objects, each with functions that are called on one instance. `register` occurs twice: once with `append` and
 * once without, because a register with appends holds a text or nothing.
 */
const groups = objects
  .filter(({ name }) => name !== 'transactions')
  .flatMap((object) => {
    const { model = object.name, initial = null } = judges[object.name] ?? {}
    const made = (name: string, functions: readonly string[], own = values) => ({
      name,
      object,
      model,
      initial,
      functions,
      valuesFor: (f: string) => own[`${object.name} ${f}`] ?? fc.constant(null),
    })
    if (object.name !== 'register') return [made(object.name, object.functions)]
    const texts = { 'register append': fc.constantFrom('1.', '2.', '3.') }
    return [made('register', ['read', 'write', 'cas']), made('register of texts', ['read', 'append'], texts)]
  })

type Group = (typeof groups)[number]

const inputs = ({ functions, valuesFor, model }: Group): fc.Arbitrary<Input[]> => {
  const keyed = model !== 'bank'
  const one = fc
    .constantFrom(...functions)
    .chain((f) =>
      fc.tuple(key, valuesFor(f)).map(([name, value]): Input => (keyed ? { f, key: name, value } : { f, value })),
    )
  return fc.array(one, { minLength: 1, maxLength: 30 })
}

/**
 * One client sends one request after another. To release a lock or settle a message, it uses the token that it got
 * last.
 */
function played(object: AnyObject, asked: readonly Input[], state: unknown = object.initial()) {
  const events: Event[] = []
  const tokens = new Map<string | undefined, Json>()
  const event = (type: Event['type'], input: Input, value: Json): void => {
    const index = events.length
    events.push({ index, time: nanos(index), process: 0, type, ...input, value })
  }
  for (const each of asked) {
    const input = ['release', 'ack', 'nack'].includes(each.f) ? { ...each, value: tokens.get(each.key) ?? null } : each
    event('invoke', input, input.value)
    const completion = object.apply(state, input)
    if (completion.type === 'ok' && input.f === 'acquire') tokens.set(input.key, completion.value)
    if (completion.type === 'ok' && input.f === 'take' && Array.isArray(completion.value))
      tokens.set(input.key, (completion.value as readonly Json[])[1] ?? null)
    // A copy, because the object may change its value later.
    event(completion.type, input, completion.type === 'ok' ? structuredClone(completion.value) : input.value)
    if (completion.type === 'ok') expect(completion.value).toEqual(events.at(-1)?.value)
  }
  return { events, state }
}

const limits = {
  deadlineMs: millis(10_000),
  memoryBytes: 2 ** 28,
  now: () => millis(performance.now()),
  failedCas: 'drop',
} as const

describe.each(groups)('the object $name', (group) => {
  const { object, model, initial } = group

  test('an object that one client uses agrees with its model', () => {
    fc.assert(
      fc.property(inputs(group), (asked) => {
        const { events } = played(object, asked)
        const history = historyFromEvents(events)
        const { name, judge } = findModel(model)!
        const [level = ''] = judge.ladder.levels
        const report: Report<string> = check(history, { model: name, initial, levels: [level], ...limits })
        const result = report.levels[level]?.result
        // The strongest level of a work queue may be undecided if the queue is not drained.
        if (level === 'linearizable') expect(result, JSON.stringify(events)).toBe('met')
        else expect(result, JSON.stringify(events)).not.toBe('violated')
      }),
    )
  })

  test('an object continues unchanged after save and load, and its saved content is not changed later', () => {
    fc.assert(
      fc.property(inputs(group), inputs(group), (before, after) => {
        const { state } = played(object, before)
        const saved = object.save(state)
        const text = JSON.stringify(saved)
        const loaded = object.load(JSON.parse(text))
        expect(object.save(loaded)).toEqual(saved)
        expect(played(object, after, loaded).events).toEqual(played(object, after, state).events)
        expect(object.save(loaded)).toEqual(object.save(state))
        expect(JSON.stringify(saved)).toBe(text)
      }),
    )
  })

  test('an object is not changed by its reads', () => {
    fc.assert(
      fc.property(inputs(group), inputs(group), (before, asked) => {
        const { state } = played(object, before)
        const saved = JSON.stringify(object.save(state))
        for (const input of asked.filter(({ f }) => object.reads.includes(f))) object.apply(state, input)
        expect(JSON.stringify(object.save(state))).toBe(saved)
      }),
    )
  })
})

test.each(objects.map((object) => [object.name, object] as const))(
  'the object %s refuses unknown functions, and refused calls do not change it',
  (_, object) => {
    const odd: readonly Json[] = ['text', [1], [[1]], { a: 1 }, null, true]
    for (const f of ['dance', ...object.functions])
      for (const value of odd) {
        const state = object.initial()
        const before = JSON.stringify(object.save(state))
        const completion = object.apply(state, { f, value })
        if (f === 'dance') expect(completion).toEqual({ type: 'fail', error: 'unsupported' })
        if (completion.type !== 'ok') expect(JSON.stringify(object.save(state))).toBe(before)
      }
  },
)

test('a transaction reads its own writes, and a refused transaction has no effect', () => {
  const transactions = objects.find(({ name }) => name === 'transactions')!
  const state = transactions.initial()
  const txn = (value: Json) => transactions.apply(state, { f: 'txn', value })
  expect(
    txn([
      ['append', 'x', 1],
      ['r', 'x', null],
      ['w', 'z', 2],
      ['r', 'z', null],
      ['r', 'y', null],
    ]),
  ).toEqual({
    type: 'ok',
    value: [
      ['append', 'x', 1],
      ['r', 'x', [1]],
      ['w', 'z', 2],
      ['r', 'z', 2],
      ['r', 'y', null],
    ],
  })
  expect(
    txn([
      ['append', 'x', 2],
      ['dance', 'x', 1],
    ]),
  ).toEqual({ type: 'fail', error: 'unsupported' })
  expect(txn([['r', 'x', null]])).toEqual({ type: 'ok', value: [['r', 'x', [1]]] })
  const saved = JSON.stringify(transactions.save(state))
  txn([['append', 'x', 3]])
  expect(transactions.apply(transactions.load(JSON.parse(saved)), { f: 'txn', value: [['r', 'x', null]] })).toEqual({
    type: 'ok',
    value: [['r', 'x', [1]]],
  })
})
