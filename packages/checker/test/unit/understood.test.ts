import { type EventInput, historyFromObjects, millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { type CheckOptions, check } from '../../src/index.ts'

const options = (model: string): CheckOptions => ({
  ...{ model: model as CheckOptions['model'], initial: null, levels: ['linearizable'], failedCas: 'drop' },
  ...{ staleness: false, deadlineMs: millis(20_000), memoryBytes: 1e9, now: () => millis(0) },
})

type Step = readonly [
  process: number,
  f: string,
  input: EventInput['value'],
  answered: EventInput['value'],
  key?: string,
]

const lines = (steps: readonly Step[]): readonly EventInput[] =>
  steps.flatMap(([process, f, input, answered, key]): EventInput[] => [
    { process, type: 'invoke', f, value: input, key },
    { process, type: 'ok', f, value: answered, key },
  ])

function found(model: string, steps: readonly Step[]): string {
  try {
    return check(historyFromObjects(lines(steps), 'h.jsonl'), options(model)).levels['linearizable']?.result ?? 'none'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

describe('an operation that the model does not know', () => {
  test.each([
    [
      'add',
      'register',
      [
        [0, 'add', 1, 1],
        [0, 'read', null, [1]],
      ],
      '--model counter, --model set',
    ],
    ['enqueue', 'set', [[0, 'enqueue', 1, 1]], '--model queue'],
    ['txn', 'register', [[0, 'txn', [['r', 1, null]], [['r', 1, null]]]], '--model multi-register'],
    ['acquire', 'queue', [[0, 'acquire', null, null]], '--model lock'],
  ] satisfies readonly (readonly [string, string, readonly Step[], string])[])(
    'an operation that the model does not know is refused, with the models that know it: %s in a %s',
    (f, model, steps, expected) => {
      const text = found(model, steps)
      expect(text).toContain(`h.jsonl:1: the ${model} model does not know the operation "${f}"`)
      expect(text).toContain(expected)
    },
  )

  test('an operation that no model knows is refused, and the message says that no model knows it', () => {
    expect(found('register', [[0, 'frobnicate', 1, 1]])).toContain('No model knows it')
  })
})

describe('a write that is answered with another value', () => {
  const read = (value: EventInput['value']): Step => [1, 'read', null, value]

  test('a write that is answered with another value counts as a write of the value in the answer', () => {
    expect(found('register', [[0, 'write', 1, 2], read(2)])).toBe('met')
    expect(found('register', [[0, 'write', 1, 2], read(1)])).toBe('violated')
    expect(found('register', [[0, 'write', 1, 1], [0, 'cas', [1, 2], [1, 3]], read(3)])).toBe('met')
  })

  test.each([null, true, 'OK', 'ok', { version: 3 }, [1, 2]])(
    'a write counts as a write of the value in the request if the answer is %j',
    (reply) => {
      expect(found('register', [[0, 'write', 1, reply], read(1)])).toBe('met')
    },
  )

  test('a write that is answered with another value causes a warning that names its line', () => {
    const { warnings } = historyFromObjects(lines([[0, 'write', 1, 2]]), 'h.jsonl')
    expect(warnings).toEqual([
      'h.jsonl: a write was answered with another value than asked for (line 2); the value in the answer is used.',
    ])
  })
})

describe('an operation that is answered with another value', () => {
  test.each([
    ['set', 'add', 1, 2],
    ['queue', 'enqueue', 'a', 'b'],
    ['bag', 'enqueue', 'a', 'b'],
    ['bank', 'transfer', { from: 'a', to: 'b', amount: 4 }, { from: 'a', to: 'b', amount: 5 }],
  ] as const)(
    'an operation that is answered with another value is refused, with its line, by a %s',
    (model, f, input, answered) => {
      expect(found(model, [[0, f, input, answered]])).toMatch(/^h\.jsonl:1: this .* \(line 2\)/)
    },
  )

  test('an operation with an answer of another type, such as "OK", is accepted', () => {
    expect(
      found('set', [
        [0, 'add', 1, 'OK'],
        [1, 'read', null, [1]],
      ]),
    ).toBe('met')
  })
})

describe('the form of an answer', () => {
  test.each([
    ['log', [[0, 'send', 'a', -1]], ':1: this send is answered with -1. An offset is a whole number'],
    ['log', [[0, 'send', 'a', 1.5]], ':1: this send is answered with 1.5.'],
    ['log', [[0, 'send', 'a', '1']], ':1: this send is answered with the text "1"'],
    ['dense-log', [[0, 'append', ['a', 'b'], [0, 1]]], ':1: this append is answered with [0,1]'],
    [
      'log',
      [
        [0, 'send', 'a', 1],
        [1, 'poll', null, [{ offset: 1, value: 'a' }]],
      ],
      ':3: an entry that was read is {"offset":1',
    ],
    [
      'log',
      [
        [0, 'send', 'a', 1],
        [1, 'poll', null, [['1', 'a']]],
      ],
      ':3: an entry that was read is ["1","a"]',
    ],
    [
      'register',
      [
        [0, 'write', 1, 1],
        [0, 'cas', [1, 2], false],
      ],
      ':3: this cas has the type "ok", but its result is false',
    ],
    [
      'register',
      [
        [0, 'append', 1, 1],
        [1, 'read', null, [1]],
      ],
      ':3: this read returned a list',
    ],
  ] satisfies readonly (readonly [string, readonly Step[], string])[])(
    'a malformed answer is refused, with its line: %s %j',
    (model, steps, text) => {
      expect(found(model, steps)).toContain(text)
    },
  )

  test.each([
    [
      'log',
      [
        [0, 'send', 'a', [1, 'a']],
        [0, 'send', 2, 7],
        [
          1,
          'poll',
          null,
          [
            [1, 'a'],
            [7, 2],
          ],
        ],
      ],
    ],
    [
      'log',
      [
        [0, 'send', 'a', 'OK'],
        [1, 'poll', null, ['a']],
      ],
    ],
    [
      'log',
      [
        [0, 'send', { offset: 1 }, 3],
        [1, 'poll', null, [{ offset: 1 }]],
      ],
    ],
    [
      'register',
      [
        [0, 'write', 1, 1],
        [0, 'cas', [1, 2], true],
        [0, 'append', 'a', 'a'],
      ],
    ],
  ] satisfies readonly (readonly [string, readonly Step[]])[])(
    'a well-formed answer is accepted: %s %j',
    (model, steps) => {
      expect(found(model, steps)).toBe('met')
    },
  )
})

describe('locks', () => {
  const twoNames: readonly Step[] = [
    [0, 'lock', 'bob', 'bob'],
    [1, 'lock', 'alice', 'alice'],
    [1, 'unlock', 'alice', 'alice'],
    [0, 'unlock', 'bob', 'bob'],
  ]

  test('lock operations without keys are refused if their values name two different locks', () => {
    expect(found('lock', twoNames)).toMatch(
      /^h\.jsonl:3: this lock has the value "alice", and the operation on line 1 has the value "bob"\. .*"key"/,
    )
  })

  test('locks are independent of each other if their keys differ', () => {
    expect(
      found(
        'lock',
        twoNames.map(([process, f, value]) => [process, f, value, value, String(value)]),
      ),
    ).toBe('met')
  })

  test('lock operations without keys belong to one lock if all have the same value', () => {
    expect(
      found(
        'lock',
        twoNames.map(([process, f]) => [process, f, 'one', 'one']),
      ),
    ).toBe('violated')
  })
})
