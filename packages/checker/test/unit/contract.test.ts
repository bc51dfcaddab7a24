import { models } from '@chaosproxy/checker'
import type { EventInput, Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { checkHistory } from '../checking.ts'

// Properties that every model must have.

/** An operation with its answer, or `info` if it has none. */
type Step = readonly [f: string, value: Json, answer: Json | 'info']

interface Contract {
  /** `start`: an initial value. `shows`: an observation that no other initial value explains. */
  readonly start: Json
  readonly shows: readonly Step[]
  /**
   * `change`: an update. `once` and `twice`: observations after one and after two such updates. Without `twice`, the
   * second update has no further effect.
   */
  readonly change: readonly [f: string, value: Json, answer: Json]
  /**
   * The answer to the update `change` of an object with the initial value `start`. Undefined if the answer is the one
   * in `change`, which an object without content returns.
   */
  readonly answerAfter?: Json
  readonly once: readonly Step[]
  readonly twice?: readonly Step[]
  /** An observation of an object without any content. */
  readonly nothing: readonly Step[]
}

const read = (answer: Json): Step => ['read', null, answer]

const contracts: { readonly [model: string]: Contract } = {
  register: { start: 5, shows: [read(5)], change: ['write', 7, 7], once: [read(7)], nothing: [read(null)] },
  'multi-register': {
    start: { x: 5 },
    shows: [['txn', [['read', 'x', null]], [['read', 'x', 5]]]],
    change: ['txn', [['write', 'x', 7]], [['write', 'x', 7]]],
    once: [['txn', [['read', 'x', null]], [['read', 'x', 7]]]],
    nothing: [['txn', [['read', 'x', null]], [['read', 'x', null]]]],
  },
  counter: { start: 5, shows: [read(5)], change: ['add', 3, 3], once: [read(3)], twice: [read(6)], nothing: [read(0)] },
  set: { start: [5], shows: [read([5])], change: ['add', 7, 7], once: [read([7])], nothing: [read([])] },
  'list-append': {
    start: [5],
    shows: [read([5])],
    change: ['append', 7, 7],
    once: [read([7])],
    twice: [read([7, 7])],
    nothing: [read([])],
  },
  queue: {
    start: [5],
    shows: [['dequeue', null, 5]],
    change: ['enqueue', 7, 7],
    once: [['dequeue', null, 7]],
    twice: [
      ['dequeue', null, 7],
      ['dequeue', null, 7],
    ],
    nothing: [['dequeue', null, null]],
  },
  bag: {
    start: [5],
    shows: [['dequeue', null, 5]],
    change: ['enqueue', 7, 7],
    once: [['dequeue', null, 7]],
    twice: [
      ['dequeue', null, 7],
      ['dequeue', null, 7],
    ],
    nothing: [['dequeue', null, null]],
  },
  bank: {
    start: { a: 5, b: 0 },
    shows: [read({ a: 5, b: 0 })],
    change: ['deposit', { account: 'a', amount: 7 }, null],
    once: [read({ a: 7 })],
    twice: [read({ a: 14 })],
    nothing: [read({})],
  },
  log: {
    start: [5],
    shows: [['read', null, [5]]],
    change: ['append', 7, 0],
    answerAfter: 1,
    once: [['read', null, [7]]],
    twice: [['read', null, [7, 7]]],
    nothing: [['read', null, []]],
  },
  'dense-log': {
    start: [5],
    shows: [['read', null, [5]]],
    change: ['append', 7, 0],
    answerAfter: 1,
    once: [['read', null, [7]]],
    nothing: [['read', null, []]],
  },
  'rw-register': {
    start: 5,
    shows: [['txn', [['r', 'x', null]], [['r', 'x', 5]]]],
    change: ['txn', [['w', 'x', 7]], [['w', 'x', 7]]],
    once: [['txn', [['r', 'x', null]], [['r', 'x', 7]]]],
    nothing: [['txn', [['r', 'x', null]], [['r', 'x', null]]]],
  },
}

/** Operations one after another, each by a separate client. */
const eventsOf = (steps: readonly Step[]): EventInput[] =>
  steps.flatMap(([f, value, answer], process): EventInput[] => [
    { process, type: 'invoke', f, value },
    answer === 'info' ? { process, type: 'info', f, value } : { process, type: 'ok', f, value: answer },
  ])

function resultOf(model: string, steps: readonly Step[], initial: Json): string {
  const level = model === 'rw-register' ? 'strict-serializable' : 'linearizable'
  const report = checkHistory(smallHistory(eventsOf(steps)), { model, initial, levels: [level] as never })
  return (report.levels as unknown as { readonly [level: string]: { readonly result: string } })[level]!.result
}

/**
 * Models without a `Contract`: their objects have no observations that are separate from updates, or have no initial
 * content.
 */
const WITHOUT = ['lock', 'unique-ids', 'watch', 'stream', 'work-queue']

test('every model has a contract in this test or is listed in WITHOUT', () => {
  expect([...Object.keys(contracts), ...WITHOUT].sort()).toEqual(models.map(({ name }) => name).sort())
})

describe.each(Object.entries(contracts))(
  'the model %s',
  (model, { start, shows, change, answerAfter, once, twice, nothing }) => {
    const [f, value, answer] = change
    const lost: Step = [f, value, 'info']
    const done: Step = [f, value, answer]

    test('a model accepts reads of the given initial value', () => {
      expect(resultOf(model, shows, start)).toBe('met')
    })

    test('a model rejects reads of an initial value other than the given one', () => {
      expect(resultOf(model, shows, null)).toBe('violated')
    })

    test('a model accepts reads of any initial value if the initial value is unknown', () => {
      expect(resultOf(model, shows, 'unknown')).not.toBe('violated')
      expect(resultOf(model, [...shows, [f, value, answerAfter ?? answer]], 'unknown')).not.toBe('violated')
    })

    test('a model requires a read to show an earlier change, but not a later change', () => {
      expect(resultOf(model, [...nothing, done], null)).toBe('met')
      expect(resultOf(model, [done, ...nothing], null)).toBe('violated')
    })

    test('a model lets a read show or miss a change of unknown outcome', () => {
      expect(resultOf(model, [lost, ...once], null)).toBe('met')
      expect(resultOf(model, [lost, ...nothing], null)).toBe('met')
    })

    test('a model accepts a double effect of a change only if the change was attempted twice', () => {
      expect(resultOf(model, [lost, done, ...once], null)).not.toBe('violated')
      if (twice !== undefined) expect(resultOf(model, [lost, done, ...twice], null)).not.toBe('violated')
      if (twice !== undefined) expect(resultOf(model, [done, ...twice], null)).toBe('violated')
    })
  },
)
