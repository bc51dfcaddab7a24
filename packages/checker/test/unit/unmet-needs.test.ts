import { type EventInput, historyFromObjects } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { type Model, models, unmetNeeds } from '../../src/index.ts'

const OPTIONS = { initial: null, failedCas: 'drop' } as const

type Call = readonly [f: string, value: unknown, type: 'ok' | 'fail' | 'info', output?: unknown]

const historyOf = (calls: readonly Call[]) =>
  historyFromObjects(
    calls.flatMap(
      ([f, value, type, output], n) =>
        [
          { process: n, type: 'invoke', f, value },
          { process: n, type, f, value: output === undefined ? value : output },
        ] as EventInput[],
    ),
  )

const missingIn = (model: string | Model<unknown>, calls: readonly Call[], options: object = {}) =>
  unmetNeeds(historyOf(calls), { model, ...OPTIONS, ...options }).map(({ what }) => what)

/** For each model: updates that any system could acknowledge, a failed observation, and a successful one. */
const cases: {
  readonly [model: string]: { readonly blind: readonly Call[]; readonly failed: Call; readonly seen: readonly Call[] }
} = {
  register: {
    blind: [['write', 1, 'ok']],
    failed: ['read', null, 'fail'],
    seen: [
      ['read', null, 'ok', 1],
      ['cas', [1, 2], 'ok'],
      ['get', null, 'ok', 1],
    ],
  },
  'multi-register': {
    blind: [['txn', [['write', 'x', 1]], 'ok']],
    failed: ['txn', [['read', 'x', null]], 'fail'],
    seen: [
      [
        'txn',
        [
          ['w', 'y', 1],
          ['r', 'x', null],
        ],
        'ok',
      ],
    ],
  },
  'rw-register': {
    blind: [['txn', [['w', 'x', 1]], 'ok']],
    failed: ['txn', [['r', 'x', null]], 'fail'],
    seen: [['txn', [['r', 'x', null]], 'ok', [['r', 'x', null]]]],
  },
  counter: {
    blind: [
      ['add', 1, 'ok'],
      ['dec', 1, 'ok'],
    ],
    failed: ['read', null, 'info'],
    seen: [['read', null, 'ok', 0]],
  },
  set: {
    blind: [
      ['add', 1, 'ok'],
      ['remove', 2, 'ok'],
    ],
    failed: ['read', null, 'fail'],
    seen: [
      ['read', null, 'ok', [1]],
      ['contains', 1, 'ok', true],
    ],
  },
  queue: {
    blind: [
      ['enqueue', 1, 'ok'],
      ['send', 2, 'ok'],
    ],
    failed: ['drain', null, 'fail'],
    seen: [
      ['drain', null, 'ok', []],
      ['dequeue', null, 'ok', null],
      ['consume', null, 'ok', 1],
    ],
  },
  bag: { blind: [['publish', 1, 'ok']], failed: ['dequeue', null, 'fail'], seen: [['receive', null, 'ok', 1]] },
  lock: { blind: [['release', null, 'ok']], failed: ['acquire', null, 'fail'], seen: [['lock', null, 'ok']] },
  'list-append': { blind: [['append', 1, 'ok']], failed: ['read', null, 'fail'], seen: [['read', null, 'ok', [1]]] },
  bank: {
    blind: [
      ['transfer', { from: 'a', to: 'b', amount: 1 }, 'ok'],
      ['deposit', { account: 'a', amount: 1 }, 'ok'],
    ],
    failed: ['read', null, 'fail'],
    seen: [['read', null, 'ok', {}]],
  },
  'unique-ids': { blind: [], failed: ['generate', null, 'fail'], seen: [['generate', null, 'ok', 1]] },
  log: {
    blind: [
      ['append', 'a', 'ok'],
      ['send', 7, 'ok', 3],
    ],
    failed: ['poll', null, 'fail'],
    seen: [
      ['poll', null, 'ok', []],
      ['read', 0, 'ok', []],
    ],
  },
  'dense-log': {
    blind: [
      ['append', 'a', 'ok'],
      ['send', 7, 'ok', 3],
    ],
    failed: ['poll', null, 'fail'],
    seen: [
      ['poll', null, 'ok', []],
      ['read', 0, 'ok', []],
    ],
  },
  stream: {
    blind: [['send', 7, 'ok', 3]],
    failed: ['poll', {}, 'fail'],
    seen: [['poll', {}, 'ok', { x: [] }]],
  },
  'work-queue': {
    blind: [['enqueue', 7, 'ok']],
    failed: ['take', 100, 'fail'],
    seen: [
      ['take', 100, 'ok', null],
      ['remaining', null, 'ok', []],
    ],
  },
}

describe('a history without observations', () => {
  test('every model except watch has a history without observations in this test', () => {
    expect(Object.keys(cases).sort()).toEqual(
      models
        .map(({ name }) => name)
        .filter((name) => name !== 'watch')
        .sort(),
    )
  })

  for (const [model, { blind, failed, seen }] of Object.entries(cases)) {
    test(`unmetNeeds lists a missing operation of model ${model} unless an operation that shows the state succeeded`, () => {
      expect(missingIn(model, [...blind, failed])).toHaveLength(1)
      for (const each of seen) expect(missingIn(model, [...blind, failed, each]), each[0]).toEqual([])
    })
  }

  test("unmetNeeds lists a missing read after only a write and a failed cas, unless `failedCas` is 'observes'", () => {
    const calls: Call[] = [
      ['write', 1, 'ok'],
      ['cas', [2, 3], 'fail'],
    ]
    expect(missingIn('register', calls)).toEqual(['read'])
    expect(missingIn('register', calls, { failedCas: 'observes' })).toEqual([])
  })
})

describe("a user's own model", () => {
  const stack: Model<readonly unknown[]> = {
    name: 'stack',
    initial: [],
    apply: (items, { f, value }) =>
      f === 'push'
        ? [[...items, value]]
        : f === 'clear'
          ? items.length === 0
            ? undefined
            : [[]]
          : [items.slice(0, -1), (items.at(-1) ?? null) as never],
    key: (items) => JSON.stringify(items),
  }
  const unmet = ['operation whose result the model tests']

  test('an operation of a custom model is an observation if its output is recorded', () => {
    expect(
      missingIn(stack, [
        ['push', 1, 'ok'],
        ['pop', null, 'fail'],
      ]),
    ).toEqual(unmet)
    expect(
      missingIn(stack, [
        ['push', 1, 'ok'],
        ['pop', null, 'ok', 1],
      ]),
    ).toEqual([])
  })

  test('an operation of a custom model is an observation if the model forbids the operation in some states', () => {
    expect(missingIn(stack, [['clear', null, 'ok']])).toEqual([])
  })

  test('an operation of a custom model is an observation if the model lists it in `reads`', () => {
    expect(missingIn({ ...stack, reads: ['push'] }, [['push', 1, 'ok']])).toEqual([])
  })

  test('an operation of a custom model is an observation if `integers.encode` uses its output', () => {
    const integers = {
      initial: 0,
      encode: ({ f, value }: { f: string; value: unknown }, output: unknown) =>
        f === 'write' ? 2 * (value as number) : 2 * ((output as number) ?? 0) + 1,
      step: (state: number, n: number) => (n % 2 === 0 ? n / 2 : n === 1 || (n - 1) / 2 === state ? state : -1),
    }
    const model = { ...stack, integers }
    expect(missingIn(model, [['write', 1, 'ok']])).toEqual(unmet)
    expect(
      missingIn(model, [
        ['write', 1, 'ok'],
        ['read', null, 'ok', 1],
      ]),
    ).toEqual([])
  })
})
