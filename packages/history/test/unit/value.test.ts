import { canonical, HASH_OF_QUOTE, mixed, NULL, quotedTextAt, UserError, ValueTable } from '@chaosproxy/history'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { smallIntegerId } from '../../src/tables/value.ts'

test('values are equal exactly if their ids are equal', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue({ maxDepth: 3 }), { minLength: 2, maxLength: 12 }), (values) => {
      const table = new ValueTable()
      const ids = values.map((value) => table.id(value as never))
      const texts = values.map((value) => canonical(value as never))
      // Two values must have the same id if and only if they have the same canonical text. `indexOf` finds the first
      // equal one.
      expect(ids.map((id) => ids.indexOf(id))).toEqual(texts.map((text) => texts.indexOf(text)))
    }),
  )
})

test('the id of a value is resolved to that value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const table = new ValueTable()
      const json = JSON.parse(JSON.stringify(value))
      expect(table.json(table.id(json))).toEqual(json)
    }),
  )
})

test('null and small integers need no entry in a value table, and 0 and -0 have the same id', () => {
  const table = new ValueTable()
  expect(table.id(null)).toBe(NULL)
  expect(table.id(-3)).toBe(smallIntegerId(-3))
  expect(table.id(-0)).toBe(table.id(0))
  expect(table.id(2 ** 30)).not.toBe(table.id(2 ** 30 + 1))
  expect(table.json(table.id(-(2 ** 30)))).toBe(-(2 ** 30))
  expect(table.size).toBe(3)
})

test('objects that differ only in the order of their members have the same id', () => {
  const table = new ValueTable()
  expect(table.id({ a: 1, b: [2, { d: 1, c: 2 }] })).toBe(table.id({ b: [2, { c: 2, d: 1 }], a: 1 }))
})

test('a value nested 100,000 levels deep is refused without a crash', () => {
  let deep: unknown[] = []
  for (let i = 0; i < 100_000; i += 1) deep = [deep]
  expect(() => new ValueTable().id(deep as never)).toThrow(UserError)
})

test('a value table distinguishes 20,000 texts, including long texts', () => {
  const table = new ValueTable()
  const texts = Array.from({ length: 20_000 }, (_, i) => (i % 1000 === 0 ? 'x'.repeat(i * 20) : `text ${i} é`))
  const ids = texts.map((text) => table.id(text))
  expect(new Set(ids).size).toBe(texts.length)
  expect(texts.every((text, i) => table.id(text) === ids[i] && table.json(table.id(text)) === text)).toBe(true)
})

test('a value table finds each stored string by its bytes, and no absent string', () => {
  const value = fc.oneof(fc.integer(), fc.string({ unit: 'binary' }), fc.constantFrom('a"b', 'ü', '\\', 2.5, null))
  fc.assert(
    fc.property(fc.array(value), fc.string(), (values, before) => {
      const table = new ValueTable()
      for (const each of values) table.id(each)
      const texts = table.placed()
      for (const text of [...values.filter((each) => typeof each === 'string'), `${before}!`]) {
        const written = JSON.stringify(text).slice(1, -1)
        const bytes = new TextEncoder().encode(before + written)
        const from = bytes.length - new TextEncoder().encode(written).length
        const hash = bytes.subarray(from).reduce(mixed, HASH_OF_QUOTE)
        const entry = quotedTextAt(texts, hash, bytes, from, bytes.length)
        if (!values.includes(text)) expect(entry).toBe(-1)
        else expect(entry).toBe(ValueTable.placeOf(table.id(text)))
      }
    }),
  )
})
