import type { ModelName } from '@chaosproxy/checker'
import { type EventInput, historyFromEvents, type Json } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { checkHistory } from '../checking.ts'

// Each case has a minimal failing history, the sentence that explains the violation, and the most similar passing
// history.

type Step = readonly [process: number, type: EventInput['type'], f: string, value?: Json]

const eventsOf = (steps: readonly Step[]): EventInput[] =>
  steps.map(([process, type, f, value = null], at) => ({ process, type, f, value, time: at * 1e6 }))

const both = (process: number, f: string, input: Json, got: Json): readonly Step[] => [
  [process, 'invoke', f, input],
  [process, 'ok', f, got],
]

interface Case {
  readonly model: ModelName
  readonly initial?: Json
  readonly fails: readonly Step[]
  readonly sentence: string
  /** The index of the culprit; by default the last operation. */
  readonly culprit?: number
  readonly passes: readonly Step[]
}

const cases: readonly Case[] = [
  {
    model: 'queue',
    fails: [
      ...both(0, 'enqueue', 1, 1),
      ...both(0, 'enqueue', 2, 2),
      ...both(1, 'dequeue', null, 2),
      ...both(1, 'dequeue', null, 1),
    ],
    sentence:
      'Process 0 enqueued 1 by 0.001 s, 1.0 ms later process 0 enqueued 2, 1.0 ms later process 1 dequeued 2, and 1.0 ms later process 1 dequeued 1: a queue hands out each message once, in order.',
    passes: [
      ...both(0, 'enqueue', 1, 1),
      ...both(0, 'enqueue', 2, 2),
      ...both(1, 'dequeue', null, 1),
      ...both(1, 'dequeue', null, 2),
    ],
  },
  {
    model: 'queue',
    fails: [...both(0, 'enqueue', 1, 1), ...both(1, 'dequeue', null, null)],
    sentence:
      'Process 0 enqueued 1 by 0.001 s, and 1.0 ms later process 1 dequeued and found nothing: a queue hands out each message once, in order.',
    // Process 2 may have taken the message.
    passes: [...both(0, 'enqueue', 1, 1), [2, 'invoke', 'dequeue'], ...both(1, 'dequeue', null, null)],
  },
  {
    model: 'bag',
    fails: [...both(0, 'enqueue', 1, 1), ...both(1, 'dequeue', null, 1), ...both(1, 'dequeue', null, 1)],
    sentence:
      'Process 0 enqueued 1 by 0.001 s, 1.0 ms later process 1 dequeued 1, and 1.0 ms later process 1 dequeued 1: a bag hands out each message once.',
    passes: [
      ...both(0, 'enqueue', 2, 2),
      ...both(0, 'enqueue', 1, 1),
      ...both(1, 'dequeue', null, 1),
      ...both(1, 'dequeue', null, 2),
    ],
  },
  {
    model: 'set',
    fails: [...both(0, 'add', 1, 1), ...both(1, 'read', null, [])],
    sentence:
      'Process 0 added 1 by 0.001 s, and 1.0 ms later process 1 read []: an element is in from its addition until it is removed, for every read.',
    passes: [...both(0, 'add', 1, 1), ...both(0, 'remove', 1, 1), ...both(1, 'read', null, [])],
  },
  {
    model: 'set',
    fails: [...both(1, 'read', null, [2]), ...both(0, 'remove', 2, 2)],
    sentence:
      'Process 1 read [2] by 0.001 s, of which 2 nobody had added, and 1.0 ms later process 0 removed 2: an element is in from its addition until it is removed, for every read.',
    culprit: 0,
    passes: [...both(1, 'read', null, []), ...both(0, 'remove', 2, 2)],
  },
  {
    model: 'counter',
    fails: [[0, 'invoke', 'add', 2], ...both(1, 'read', null, 1), [0, 'ok', 'add', 2]],
    sentence:
      'Process 0 added 2 at 0.000 s, and meanwhile process 1 read 1, but the additions allow only 0 or 2: a read returns the sum of everything added before it.',
    passes: [[0, 'invoke', 'add', 2], ...both(1, 'read', null, 0), [0, 'ok', 'add', 2]],
  },
  {
    model: 'register',
    fails: [...both(0, 'append', 'b', 'b'), ...both(1, 'read', null, 'abc')],
    sentence: 'Process 1 read "abc" at 0.002 s, which fits no order of these 2 operations.',
    passes: [...both(0, 'append', 'b', 'b'), ...both(1, 'read', null, 'b')],
  },
  {
    model: 'set',
    fails: [[0, 'invoke', 'add', 2], [0, 'fail', 'add', 2], ...both(1, 'read', null, [2])],
    sentence:
      'Process 1 read [2] at 0.002 s, of which 2 was added only by an operation that failed: an element is in from its addition until it is removed, for every read.',
    passes: [[0, 'invoke', 'add', 2], [0, 'info', 'add', 2], ...both(1, 'read', null, [2])],
  },
  {
    model: 'bag',
    fails: [...both(0, 'enqueue', 1, 1), ...both(1, 'dequeue', null, 2)],
    sentence: 'Process 1 dequeued 2 at 0.002 s, which nobody had enqueued: a bag hands out each message once.',
    passes: [...both(0, 'enqueue', 1, 1), ...both(1, 'dequeue', null, 1)],
  },
  {
    model: 'counter',
    fails: [...both(0, 'add', 1, 1), ...both(0, 'add', 1, 1), ...both(1, 'read', null, 3)],
    sentence:
      'Process 1 read 3 at 0.004 s, but the additions allow only 2: a read returns the sum of everything added before it.',
    passes: [...both(0, 'add', 1, 1), ...both(0, 'add', 1, 1), ...both(1, 'read', null, 2)],
  },
  {
    model: 'lock',
    fails: [...both(0, 'acquire', null, 7), ...both(1, 'acquire', null, 8)],
    sentence:
      'Process 0 held the lock from 0.001 s on; process 1 was given it at 0.003 s: two clients held the lock at the same time.',
    passes: [...both(0, 'acquire', null, 7), ...both(0, 'release', null, null), ...both(1, 'acquire', null, 8)],
  },
  {
    model: 'lock',
    fails: [...both(0, 'acquire', null, 7), ...both(0, 'release', null, null), ...both(1, 'acquire', null, 7)],
    sentence:
      'Process 0 was given the lock with token 7 at 0.001 s, and process 1 was given it at 0.005 s with token 7: fencing tokens must grow.',
    passes: [...both(0, 'acquire', null, null), ...both(0, 'release', null, null), ...both(1, 'acquire', null, null)],
  },
  {
    model: 'lock',
    // The culprit is the second grant, and not one of the releases after it.
    fails: [
      ...both(0, 'acquire', null, null),
      ...both(1, 'acquire', null, null),
      ...both(0, 'release', null, null),
      ...both(1, 'release', null, null),
    ],
    culprit: 1,
    sentence:
      'Process 0 held the lock from 0.001 s to 0.004 s; process 1 was given it at 0.003 s: two clients held the lock at the same time.',
    passes: [
      ...both(0, 'acquire', null, null),
      ...both(0, 'release', null, null),
      ...both(1, 'acquire', null, null),
      ...both(1, 'release', null, null),
    ],
  },
  {
    model: 'lock',
    fails: both(1, 'release', null, null),
    culprit: 0,
    sentence: 'Process 1 released the lock at 0.001 s, which it did not hold.',
    passes: [...both(1, 'acquire', null, null), ...both(1, 'release', null, null)],
  },
  {
    model: 'list-append',
    fails: [...both(0, 'append', 1, 1), ...both(0, 'append', 2, 2), ...both(1, 'read', null, [2, 1])],
    sentence:
      'Process 0 appended 1 by 0.001 s, 1.0 ms later process 0 appended 2, and 1.0 ms later process 1 read [2,1]: every read returns all that was appended before it, in one order for all.',
    passes: [...both(0, 'append', 1, 1), ...both(0, 'append', 2, 2), ...both(1, 'read', null, [1, 2])],
  },
  {
    model: 'bank',
    initial: { a: 5, b: 0 },
    fails: [
      ...both(0, 'transfer', { from: 'a', to: 'b', amount: 2, id: 1 }, { from: 'a', to: 'b', amount: 2, id: 1 }),
      ...both(0, 'transfer', { from: 'a', to: 'b', amount: 2, id: 1 }, { from: 'a', to: 'b', amount: 2, id: 1 }),
      ...both(1, 'read', null, { a: 1, b: 4 }),
    ],
    sentence:
      'Process 0 transferred 2 from "a" to "b" by 0.001 s, 1.0 ms later process 0 transferred 2 from "a" to "b", and 1.0 ms later process 1 read {"a":1,"b":4}: each request moves its amount once, and no account is overdrawn.',
    passes: [
      ...both(0, 'transfer', { from: 'a', to: 'b', amount: 2, id: 1 }, { from: 'a', to: 'b', amount: 2, id: 1 }),
      ...both(0, 'transfer', { from: 'a', to: 'b', amount: 2, id: 1 }, { from: 'a', to: 'b', amount: 2, id: 1 }),
      ...both(1, 'read', null, { a: 3, b: 2 }),
    ],
  },
  {
    model: 'log',
    fails: [...both(0, 'append', 'x', 0), ...both(1, 'append', 'y', 0)],
    sentence:
      'Process 0 appended "x" and got 0 by 0.001 s, and 1.0 ms later process 1 appended "y" and got 0: offsets increase, and each holds one value for all.',
    passes: [...both(0, 'append', 'x', 0), ...both(1, 'append', 'y', 1)],
  },
]

test.each(cases.map((each) => [each.model, each.sentence, each] as const))(
  'the counterexample of a %s contains the sentence: %s',
  (_, __, { model, initial = null, fails, sentence, culprit, passes }) => {
    const judge = (steps: readonly Step[]) =>
      checkHistory(historyFromEvents(eventsOf(steps)), { model, initial, levels: ['linearizable'] }).levels.linearizable
    const verdict = judge(fails)
    expect(verdict.result === 'violated' ? verdict.counterexample.sentence : verdict.result).toBe(sentence)
    if (culprit !== undefined) expect(verdict).toMatchObject({ counterexample: { culprit } })
    expect(judge(passes).result).toBe('met')
  },
)

test('check refuses an operation that the model does not know, and lists the known operations', () => {
  const judge = () => checkHistory(historyFromEvents(eventsOf(both(0, 'write', 1, 1))), { model: 'queue' })
  expect(judge).toThrow(
    'line 1: the queue model does not know the operation "write"; it knows enqueue, dequeue, drain. This model knows it: --model register.',
  )
})

test('check refuses a value that does not fit the object, and names its line', () => {
  const judge = (model: ModelName, steps: readonly Step[]) => () =>
    checkHistory(historyFromEvents(eventsOf(steps)), { model })
  expect(judge('set', both(0, 'read', null, 7))).toThrow('line 1: a read must return a list, not 7')
  expect(judge('counter', both(0, 'add', 'x', 'x'))).toThrow('line 1: an amount must be a number, not "x"')
  const balances = 'a read must return all balances, such as {"a":10,"b":0}'
  expect(judge('bank', both(0, 'read', null, null))).toThrow(`line 1: ${balances}, not null.`)
  expect(judge('bank', both(0, 'read', null, [1]))).toThrow(`line 1: ${balances}, not [1].`)
  expect(judge('bank', both(0, 'transfer', 7, 7))).toThrow(
    'line 1: "transfer" of 7: a transfer must have a value such as',
  )
  expect(judge('unique-ids', both(0, 'generate', null, null))).toThrow(
    'line 1: this "generate" is answered without an id',
  )
})

test.each([
  ['bank', 'read', null, { a: 1 }, 'has only the levels linearizable and convergent'],
  ['unique-ids', 'generate', null, 7, 'does not compare final reads; it has only the level linearizable'],
  ['log', 'append', 'x', [0, 'x'], 'does not compare final reads; it has only the level linearizable'],
] as const)(
  'the reason for an unknown verdict on eventual says why a %s is not judged by its final state',
  (model, f, value, answer, why) => {
    const history = historyFromEvents([
      { process: 0, type: 'invoke', f, value },
      { process: 0, type: 'ok', f, value: answer },
    ])
    const { linearizable, eventual } = checkHistory(history, {
      model,
      initial: model === 'bank' ? { a: 1 } : null,
    }).levels
    expect(linearizable.result).toBe('met')
    expect(eventual).toEqual({
      result: 'unknown',
      reason: { kind: 'unasked', text: `the ${model} model ${why}` },
    })
  },
)

test('the sentence of a violation states how long an operation began after the previous answer', () => {
  const at = (time: number, ...[process, type, f, value = null]: Step): EventInput => ({
    ...{ process, type, f, value, time: time * 1e6 },
  })
  const events = [
    at(0, 0, 'invoke', 'add', 1),
    at(10, 1, 'invoke', 'add', 1),
    at(20, 1, 'ok', 'add', 1),
    at(100, 0, 'ok', 'add', 1),
    at(105, 2, 'invoke', 'read'),
    at(110, 2, 'ok', 'read', 1),
  ]
  const { linearizable } = checkHistory(historyFromEvents(events), {
    ...{ model: 'counter', initial: 0, levels: ['linearizable'] },
  }).levels
  expect(linearizable.result === 'violated' ? linearizable.counterexample.sentence : '').toContain(
    'Process 0 added 1 at 0.000 s, meanwhile process 1 added 1, and 5.0 ms later process 2 read 1',
  )
})
