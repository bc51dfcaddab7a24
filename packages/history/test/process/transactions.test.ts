import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  borrowHistory,
  CannotPack,
  type EventInput,
  type History,
  historyFromEvents,
  inputOf,
  type Json,
  outputOf,
  printJsonLine,
  type ValueId,
  ValueTable,
} from '@chaosproxy/history'
import { openHistoryWriter, readHistory, readPacked, readStretch, stretchesOf } from '@chaosproxy/history/files'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { printEdnEvent } from '../../src/codecs/edn-writer.ts'
import { readEvents } from '../../src/files/read.ts'

import { NO_MICRO_VALUE } from '../../src/tables/transactions.ts'
import { read } from '../reading.ts'

const elle = join(import.meta.dirname, '../../../../../shared/corpus/elle')

const txn = (value: Json, process = 0): EventInput[] => [
  { process, type: 'invoke', f: 'txn', value },
  { process, type: 'ok', f: 'txn', value },
]

/** Returns the micro-operations of an operation's completion from its columns. */
function microOperations({ values, operations }: History, row: number): Json {
  const columns = values.microOperations()
  const range = values.microRange(operations.output[row]!)
  if (columns === undefined || range === undefined) throw new Error('not by columns')
  const micros: Json[] = []
  for (let at = range.from; at < range.to; at++) {
    const key = values.json(columns.key[at] as ValueId)
    const value = columns.value[at]!
    const rest = value === NO_MICRO_VALUE ? [] : [values.json(value as ValueId)]
    micros.push([columns.kinds[columns.kind[at]!]!, key, ...rest])
  }
  return micros
}

const held = fc.oneof(fc.constant(null), fc.integer(), fc.string(), fc.array(fc.integer({ min: 0, max: 9 })))
const micro = fc.tuple(fc.constantFrom('append', 'r', 'w', 'read', 'inc'), fc.oneof(fc.integer(), fc.string()), held)
const transactions = fc.array(
  fc.oneof(
    micro,
    micro.map(([kind, key]) => [kind, key] as const),
  ),
  { maxLength: 5 },
)

describe('the values of transactions', () => {
  test('the values of transactions are read into columns, from native lines and from EDN', async () => {
    const native = '{"process":0,"type":"ok","f":"txn","value":[["append",5,1],["r","x",[1,2]]]}\n'
    const invoked = native.replace('"ok"', '"invoke"').replace('[1,2]', 'null')
    const edn =
      '{:process 0, :type :invoke, :f :txn, :value [[:append 5 1] [:r "x" nil]]}\n{:process 0, :type :ok, :f :txn, :value [[:append 5 1] [:r "x" [1 2]]]}\n'
    for (const history of [read(invoked + native), read(edn, { format: 'edn' })]) {
      expect(microOperations(history, 0)).toEqual([
        ['append', 5, 1],
        ['r', 'x', [1, 2]],
      ])
      expect(inputOf(history, 0)).toEqual([
        ['append', 5, 1],
        ['r', 'x', null],
      ])
    }
  })

  test('values of transactions of any form are read back, and equal values have equal ids', () => {
    fc.assert(
      fc.property(fc.array(transactions, { minLength: 1, maxLength: 40 }), (values) => {
        const history = historyFromEvents(values.flatMap((value) => txn(value as unknown as Json)))
        const ids = new Map<string, number>()
        for (const [row, value] of values.entries()) {
          expect(outputOf(history, row)).toEqual(value)
          expect(microOperations(history, row)).toEqual(value)
          const text = JSON.stringify(value)
          const id = history.operations.input[row]!
          expect(ids.get(text) ?? id).toBe(id)
          ids.set(text, id)
        }
        expect(new Set(ids.values()).size).toBe(ids.size)
      }),
    )
  })

  test('the value table stores each list of a transaction once, after the prefixes of the list', () => {
    const history = historyFromEvents(
      [[], [1], [1, 2], [1, 2, 3], [1, 3], [1, 2]].flatMap((list) => txn([['r', 'x', list] as Json])),
    )
    const { value } = history.values.microOperations()!
    const { length, parent, depth } = history.values.lists()!
    const nodes = Array.from(history.operations.output, (id) => {
      const { from } = history.values.microRange(id)!
      return ValueTable.listOf(value[from]!)
    })
    expect(nodes).toEqual([0, 1, 2, 3, 4, 2])
    expect(length).toBe(5)
    expect([...parent]).toEqual([-1, 0, 1, 2, 1])
    expect([...depth]).toEqual([0, 1, 2, 3, 2])
  })

  test('the value table stores equal lists of two keys separately, and an appended list as a plain value', () => {
    const [x, y, appended] = [
      ['r', 'x', [1]],
      ['r', 'y', [1]],
      ['append', 'x', [1]],
    ]
    const history = historyFromEvents([x, y, appended].flatMap((micro) => txn([micro] as Json)))
    const [first, second, third] = history.values.microOperations()!.value
    expect(ValueTable.listOf(second!)).toBeGreaterThan(ValueTable.listOf(first!))
    expect(ValueTable.listOf(third!)).toBe(-1)
    expect(third).toBe(history.values.id([1]))
    const ofOthers = [0, -1, 2 ** 30, null, 'x', [1]].map((value) => ValueTable.listOf(history.values.id(value)))
    expect(new Set(ofOthers)).toEqual(new Set([-1]))
  })

  test('the values of transactions are stored as plain values if they are not lists of micro-operations', () => {
    const odd: Json[] = [7, 'x', [1], [['r']], [[1, 2, 3]], [['r', 'x', 1, 2]], { r: 1 }]
    const history = historyFromEvents(odd.flatMap((value) => txn(value)))
    for (const [row, value] of odd.entries()) {
      expect(outputOf(history, row)).toEqual(value)
      expect(history.values.microRange(history.operations.output[row]!)).toBeUndefined()
    }
  })

  test('the values of transactions are shared with other threads, except values added later', () => {
    const values = Array.from(
      { length: 300 },
      (_, i): Json => [
        ['append', i % 7, i],
        ['r', 'x', [i]],
      ],
    )
    const history = historyFromEvents(
      values.flatMap((value) => txn(value)),
      { shared: true },
    )
    const [lent, other] = [history.lend!(), history.lend!()].map((each) => borrowHistory(each))
    for (const each of [lent!, other!]) {
      expect(values.map((_, row) => outputOf(each, row))).toEqual(values)
      expect(
        each.values.idOfTransaction([
          ['append', 3, 3],
          ['r', 'x', [3]],
        ]),
      ).toBe(each.operations.output[3])
    }
    const added = lent!.values.idOfTransaction([['w', 'y', 'first']])
    expect(other!.values.idOfTransaction([['w', 'z', 'second']])).toBe(added)
    expect(lent!.values.json(added)).toEqual([['w', 'y', 'first']])
    expect(values.map((_, row) => outputOf(history, row))).toEqual(values)
  })

  test('the values of transactions are written as EDN with keywords as Jepsen does, and read back', () => {
    const [invoked] = txn([
      ['append', 5, 1],
      ['r', 'x', null],
    ])
    expect(printEdnEvent(invoked!)).toContain(':value [[:append 5 1] [:r "x" nil]]')
    expect(outputOf(read(`${printEdnEvent(invoked!)}\n`, { format: 'edn' }), 0)).toEqual(invoked!.value)
    expect(printJsonLine({ ...invoked!, index: 0 } as Parameters<typeof printJsonLine>[0])).toContain(
      '"value":[["append",5,1],["r","x",null]]',
    )
  })
})

const anything = fc.oneof(
  fc.constantFrom<Json>(
    null,
    [],
    [null],
    [[]],
    -1,
    true,
    ':a',
    'nil',
    '1N',
    "'x",
    '\\a',
    '"',
    1e21,
    0.5,
    2 ** 53,
    -(2 ** 31),
    { a: [1] },
  ),
  fc.array(fc.integer({ min: -3, max: 3 })),
  fc.string({ unit: 'binary' }),
)
const anyTransaction = fc.array(
  fc.oneof(
    fc.tuple(fc.constantFrom('append', 'r', 'w', ':r', 'a b'), anything, anything),
    fc.tuple(fc.constantFrom('r', 'w'), anything),
  ),
)

test.each([
  ['jsonl', printJsonLine],
  ['edn', printEdnEvent],
] as const)('transactions are written as they were read, in %s', (format, print) => {
  fc.assert(
    fc.property(fc.array(anyTransaction, { maxLength: 5 }), (values) => {
      const written = (given: (row: number) => Json): string =>
        values.map((_, row) => `${print({ process: row, type: 'invoke', f: 'txn', value: given(row) })}\n`).join('')
      const text = written((row) => values[row] as unknown as Json)
      for (const slow of [false, true]) {
        const history = read(text, { format, slow })
        expect(written((row) => inputOf(history, row))).toBe(text)
      }
    }),
  )
})

test('readPacked and readStretch refuse a recording of transactions', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-transactions-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'h.jsonl')
  const lines = Array.from({ length: 20 }, (_, i) =>
    txn([['append', 'x', i]]).map((event) => `${printJsonLine(event)}\n`),
  )
  writeFileSync(path, lines.flat().join(''))
  const dealing = { places: 1, placeOf: () => 0 }
  await expect(readPacked(path, dealing)).rejects.toThrow(new CannotPack('transactions'))
  for (const stretch of stretchesOf(path, 2) ?? [])
    await expect(readStretch(stretch, dealing)).rejects.toThrow(new CannotPack('transactions'))
})

describe.skipIf(!existsSync(elle))('the transactions of Elle’s tests (need the corpus beside the project)', () => {
  const files = existsSync(elle) ? readdirSync(elle) : []

  test.each(files)(
    'the history %s from Elle’s tests keeps its micro-operations when converted to the native format',
    async (file) => {
      const directory = mkdtempSync(join(tmpdir(), 'chaos-transactions-'))
      onTestFinished(() => rmSync(directory, { recursive: true }))
      const written = join(directory, 'history.jsonl')
      const writer = openHistoryWriter(written)
      for await (const event of readEvents(join(elle, file))) writer.append(event)
      writer.close()
      const before = await readHistory(join(elle, file))
      const events: EventInput[] = []
      for await (const event of readEvents(written)) events.push(event)
      // Some histories are recorded without invocations.
      const after = historyFromEvents(events, { completionsOnly: true, ordering: { by: 'lines' } })
      const { length } = before.operations
      expect(after.operations.length).toBe(length)
      for (let row = 0; row < length; row++) {
        expect(microOperations(before, row)).toEqual(outputOf(before, row))
        expect(microOperations(after, row)).toEqual(microOperations(before, row))
      }
    },
  )
})

describe('a transaction whose completion differs from its invocation', () => {
  const warnings = (invocation: Json, answered: Json, extra?: { readonly [member: string]: Json }): readonly string[] =>
    historyFromEvents(
      [
        { process: 0, type: 'invoke', f: 'txn', value: invocation },
        { process: 0, type: 'ok', f: 'txn', value: answered, ...(extra === undefined ? {} : { extra }) },
      ],
      { source: 'h' },
    ).warnings
  const append = (key: string, value: number): Json => ['append', key, value]

  test.each<[string, Json, Json]>([
    ['another value', [append('x', 1)], [append('x', 2)]],
    ['another key', [append('x', 1)], [append('y', 1)]],
    ['another order', [append('x', 1), append('x', 2)], [append('x', 2), append('x', 1)]],
    ['a write more', [append('x', 1)], [append('x', 1), append('y', 2)]],
    ['a write less', [append('x', 1), append('y', 2)], [append('x', 1)]],
  ])('a transaction causes a warning if its completion has %s', (_, invocation, answered) => {
    expect(warnings(invocation, answered)).toEqual([
      'h: a write was answered with another value than asked for (line 2); the value in the answer is used.',
    ])
  })

  test.each<[string, Json, Json]>([
    ['reads have values', [append('x', 1), ['r', 'x', null]], [append('x', 1), ['r', 'x', [1]]]],
    ['reads with a long name have values', [['read', 'x', null]], [['read', 'x', 1]]],
    ['reads are left out', [['r', 'y', null], append('x', 1)], [append('x', 1)]],
    ['nothing was asked for', [], [append('x', 1)]],
    ['the answer has no transaction', [append('x', 1)], 'OK'],
  ])('a completion causes no warning although %s', (_, invocation, answered) => {
    expect(warnings(invocation, answered)).toEqual([])
  })

  test('a completion of recorded statements causes no warning although they did not write what they might have', () => {
    expect(warnings([['w', 'x', 1]], [['r', 'x', 2]], { statements: [['UPDATE t SET x = ? WHERE x = ?', 1]] })).toEqual(
      [],
    )
  })
})
