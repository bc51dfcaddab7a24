import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createNumbering } from '../../src/object/model/elements.ts'

const ids = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 0, max: 100_000 }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
)

test('createNumbering numbers ids from 0 in the order of their first appearance', () => {
  fc.assert(
    fc.property(fc.array(ids, { maxLength: 2_000, size: 'max' }), (numbered) => {
      const numbering = createNumbering()
      const distinct = new Set<number>(numbered)
      const expected = new Map(Array.from(distinct, (id, at) => [id, at]))
      expect(numbered.map((id) => numbering.of(id))).toEqual(numbered.map((id) => expected.get(id)))
      expect(numbering.count()).toBe(distinct.size)
    }),
  )
})

test('the memory of a numbering depends on the number of ids, not on their size', () => {
  const before = process.memoryUsage().arrayBuffers
  const numberings = Array.from({ length: 1_000 }, (_, n) => {
    const numbering = createNumbering()
    for (let id = 0; id < 100; id++) numbering.of(2_000 * id + n)
    return numbering
  })
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20e6)
  expect(numberings.every((each) => each.count() === 100)).toBe(true)
})
