import { canonical, NULL, smallIntegerId, UserError, ValueTable } from '@chaos/history'
import fc from 'fast-check'
import { expect, test } from 'vitest'

test('values are equal exactly when their ids are', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue({ maxDepth: 3 }), { minLength: 2, maxLength: 12 }), (values) => {
      const table = new ValueTable()
      const ids = values.map((value) => table.id(value as never))
      values.forEach((a, i) => {
        values.forEach((b, j) => {
          expect(ids[i] === ids[j]).toBe(canonical(a as never) === canonical(b as never))
        })
      })
    }),
  )
})

test('an id gives its value back', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const table = new ValueTable()
      const json = JSON.parse(JSON.stringify(value))
      expect(table.json(table.id(json))).toEqual(json)
    }),
  )
})

test('null is 0, small integers carry themselves, 0 and -0 are the same', () => {
  const table = new ValueTable()
  expect(table.id(null)).toBe(NULL)
  expect(table.id(-3)).toBe(smallIntegerId(-3))
  expect(table.id(-0)).toBe(table.id(0))
  expect(table.id(2 ** 30)).not.toBe(table.id(2 ** 30 + 1))
  expect(table.json(table.id(-(2 ** 30)))).toBe(-(2 ** 30))
  expect(table.size).toBe(3)
})

test('members of objects may come in any order', () => {
  const table = new ValueTable()
  expect(table.id({ a: 1, b: [2, { d: 1, c: 2 }] })).toBe(table.id({ b: [2, { c: 2, d: 1 }], a: 1 }))
})

test('a value nested without end is refused, not a crash', () => {
  let deep: unknown[] = []
  for (let i = 0; i < 100_000; i += 1) deep = [deep]
  expect(() => new ValueTable().id(deep as never)).toThrow(UserError)
})

test('a table keeps many texts apart, long ones too', () => {
  const table = new ValueTable()
  const texts = Array.from({ length: 20_000 }, (_, i) => (i % 1000 === 0 ? 'x'.repeat(i * 100) : `text ${i} é`))
  const ids = texts.map((text) => table.id(text))
  expect(new Set(ids).size).toBe(texts.length)
  expect(texts.every((text, i) => table.id(text) === ids[i] && table.json(table.id(text)) === text)).toBe(true)
})

test('values laid out by groups are the same values by the same ids, and the two tables grow apart', () => {
  const value = fc.oneof(fc.integer(), fc.string(), fc.constantFrom('a"b', 'ü', '\\', 2.5), fc.array(fc.string()))
  fc.assert(
    fc.property(fc.array(value), fc.array(value), fc.integer({ min: 1, max: 5 }), (before, after, groups) => {
      const table = new ValueTable()
      const ids = before.map((each) => table.id(each))
      const regrouped = table.regrouped(
        Int32Array.from({ length: table.size }, (_, place) => (place * 7) % groups),
        groups,
      )
      expect(ids.map((id) => regrouped.json(id))).toEqual(before)
      expect(before.map((each) => regrouped.id(each))).toEqual(ids)
      const added = after.map((each) => regrouped.id(each))
      expect(added.map((id) => regrouped.json(id))).toEqual(after)
      expect(ids.map((id) => table.json(id))).toEqual(before)
    }),
  )
})
