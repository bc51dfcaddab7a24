import { type EventInput, historyFromObjects, type Json } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { alikeKeys, hintsFor, startsByKey, textTokens } from '../../src/index.ts'

type Step = readonly [f: string, input: EventInput['value'], answered: EventInput['value']]

const hints = (steps: readonly Step[]): readonly string[] =>
  hintsFor(
    historyFromObjects(
      steps.flatMap(([f, input, answered]): EventInput[] => [
        { process: 0, type: 'invoke', f, value: input },
        { process: 0, type: 'ok', f, value: answered },
      ]),
    ),
  )

test('a hint suggests a conversion to numbers if a written number is read back as text', () => {
  const [hint, ...more] = hints([
    ['write', 5, 5],
    ['read', null, '5'],
  ])
  expect(hint).toMatch(/^5 was written and "5" was read: .*jq -c '\.value = \(.*tonumber/)
  expect(more).toEqual([])
})

test('a hint suggests a conversion to text if a written text is read back as a number', () => {
  expect(
    hints([
      ['write', '5', '5'],
      ['read', null, 5],
    ]),
  ).toEqual([expect.stringMatching(/"5" was written and 5 was read: .*tostring/)])
})

test('a hint suggests a conversion if numbers in a set or list are read back as texts', () => {
  expect(
    hints([
      ['add', 1, 1],
      ['add', 2, 2],
      ['read', null, ['1', '2']],
    ]),
  ).toHaveLength(1)
  expect(
    hints([
      ['append', 1, 1],
      ['read', null, { '#{}': ['1'] }],
    ]),
  ).toHaveLength(1)
})

test.each([':nil', 'nil', 'None', '', 'null', 0, -1, false])(
  'a hint suggests --initial if %j was read before any write',
  (value) => {
    expect(
      hints([
        ['write', 'a', 'a'],
        ['read', null, value],
      ]),
    ).toEqual([])
    expect(
      hints([
        ['read', null, value],
        ['write', 'a', 'a'],
      ]),
    ).toEqual([expect.stringContaining(`--initial '${JSON.stringify(value)}'`)])
  },
)

test('hintsFor returns no hint if a read value was written in the same form, or resembles no written value', () => {
  expect(
    hints([
      ['write', 5, 5],
      ['write', '5', '5'],
      ['read', null, '5'],
    ]),
  ).toEqual([])
  expect(
    hints([
      ['write', 5, 5],
      ['read', null, 6],
    ]),
  ).toEqual([])
})

test('a hint suggests --keyed if reads ask for pairs with a key', () => {
  expect(
    hints([
      ['write', ['x', 5], ['x', 5]],
      ['read', ['y', null], ['y', null]],
    ]),
  ).toEqual([expect.stringMatching(/^read \["y",null\] was answered with \["y",null\]\. .*: --keyed$/)])
  expect(
    hints([
      ['write', [1, 5], [1, 5]],
      ['read', null, [1, 6]],
    ]),
  ).toEqual([])
})

test('if an addition was answered with another number, a hint warns that this number counts as the new sum', () => {
  expect(
    hints([
      ['add', 1, 2],
      ['read', null, 2],
    ]),
  ).toEqual([expect.stringMatching(/^add 1 was answered with 2, which counts as the sum/)])
})

test.each<readonly [what: string, first: EventInput['key'], second: EventInput['key']]>([
  ['a number first', 1, '1'],
  ['a text first', '1', 1],
])('alikeKeys warns that a number and the same number as a text are two keys: %s', (_, first, second) => {
  const wrote = (key: EventInput['key']): EventInput => ({ process: 0, type: 'invoke', f: 'write', key, value: 1 })
  const one = historyFromObjects([wrote(first), { ...wrote(first), type: 'ok' }])
  const both = historyFromObjects([wrote(first), { ...wrote(first), type: 'ok' }, wrote(second)])
  expect([alikeKeys(one), alikeKeys(both)]).toEqual([
    [],
    ['1 and "1" are two keys. If they are meant to be one, write the key alike on all lines.'],
  ])
})

test('alikeKeys warns that a number and the same number as a text are two keys of transactions', () => {
  const history = historyFromObjects([
    {
      process: 0,
      type: 'invoke',
      f: 'txn',
      value: [
        ['w', 1, 1],
        ['r', '1', null],
        ['w', 'x', 1],
      ],
    },
  ])
  expect(alikeKeys(history)).toEqual([expect.stringMatching(/^1 and "1" are two keys/)])
})

test('a hint explains that --initial holds for every key if the members of its value are named like keys', () => {
  const register = historyFromObjects([{ process: 0, type: 'invoke', f: 'read', key: 'x' }])
  const transactions = historyFromObjects([{ process: 0, type: 'invoke', f: 'txn', value: [['r', 'x', null]] }])
  for (const history of [register, transactions]) {
    expect(startsByKey(history, { x: 5 })).toEqual([
      expect.stringMatching(/^--initial is the value of every key, here \{"x":5\}/),
    ])
    expect([{ y: 5 }, 5, null, ['x']].flatMap((initial) => startsByKey(history, initial))).toEqual([])
  }
})

test('a hint suggests an initial value if the first transaction of registers read a value that nothing wrote', () => {
  const txn = (read: Json): Step => [
    'txn',
    [
      ['r', 'x', null],
      ['w', 'x', 1],
    ],
    [
      ['r', 'x', read],
      ['w', 'x', 1],
    ],
  ]
  expect(hints([txn(0)])).toEqual([expect.stringContaining("--initial '0'")])
  expect(
    hints([
      [
        'txn',
        [
          ['r', 'x', null],
          ['append', 'x', 1],
        ],
        [
          ['r', 'x', [0]],
          ['append', 'x', 1],
        ],
      ],
    ]),
  ).toEqual([])
})

test('a hint suggests numbers for fencing tokens that are texts of digits', () => {
  const tokens = (token: Json): readonly string[] =>
    textTokens(
      historyFromObjects([
        { process: 0, type: 'invoke', f: 'acquire', key: 'x' },
        { process: 0, type: 'ok', f: 'acquire', key: 'x', value: token },
      ]),
    )
  expect(tokens('7')).toEqual([
    'acquire was answered with the text "7", which was not compared. If it is a fencing token, write it as a number: 7',
  ])
  expect([...tokens(7), ...tokens('4d6f'), ...tokens(null)]).toEqual([])
})

test('a hint suggests null if a dequeue was answered with an empty text that nobody enqueued', () => {
  expect(
    hints([
      ['enqueue', 'a', 'a'],
      ['dequeue', null, ''],
    ]),
  ).toEqual(['dequeue was answered with "", which counts as a message. If there was no message, write null.'])
  expect(
    hints([
      ['enqueue', '', ''],
      ['dequeue', null, ''],
    ]),
  ).toEqual([])
})
