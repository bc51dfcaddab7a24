import type { Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { WrittenValues } from '../../../src/routes/mapping/written-values.ts'

/** Returns the written values after these writes to x. */
function writtenToX(...values: readonly Json[]): WrittenValues {
  const written = new WrittenValues()
  for (const value of values) written.wrote('x', value)
  return written
}

describe('the written values of a key', () => {
  test.each<readonly [string, Json, Json, string | undefined]>([
    ['the whole body', 'a', 'a', 'json'],
    ['a member', 'a', { b: { c: 'a' } }, 'json.b.c'],
    ['an element', 'a', ['b', 'a'], 'json.1'],
    ['an object', { a: 1, b: 2 }, { c: { b: 2, a: 1 } }, 'json.c'],
    ['zero', 0, { a: 0 }, 'json.a'],
    ['the nearest of several', 'a', { b: { c: 'a' }, d: 'a' }, 'json.d'],
    ['another value', 'a', { b: 'b' }, undefined],
    ['another type', '1', 1, undefined],
    ['null, which proves nothing', null, { a: null }, undefined],
    ['an empty text, which proves nothing', '', { a: '' }, undefined],
    ['true, which proves nothing', true, { a: true }, undefined],
  ])('a written value is found in a response as %s', (_, value, body, place) => {
    const written = writtenToX(value)
    expect(written.placeIn('x', body)).toBe(place)
    expect(written.placeIn('y', body)).toBeUndefined()
  })

  test('the last eight different values written to a key are remembered', () => {
    const written = writtenToX(1, 2, 3, 4, 5, 6, 7, 8, 1)
    expect([1, 2, 8].map((value) => written.placeIn('x', value))).toEqual(['json', 'json', 'json'])
    written.wrote('x', 9)
    expect([1, 2, 9].map((value) => written.placeIn('x', value))).toEqual([undefined, 'json', 'json'])
  })

  test('written values are looked for in the first 200 parts of a response', () => {
    const written = writtenToX('a')
    const after = (count: number): Json => [...Array.from({ length: count }, (_, i) => i), 'a']
    expect([written.placeIn('x', after(198)), written.placeIn('x', after(199))]).toEqual(['json.198', undefined])
  })

  test('written values are kept for up to 1,000 keys, and then forgotten together', () => {
    const written = writtenToX('a')
    for (let i = 1; i < 1000; i++) written.wrote(`${i}`, 'a')
    expect([written.placeIn('x', 'a'), written.placeIn('999', 'a')]).toEqual(['json', 'json'])
    written.wrote('y', 'a')
    expect([written.placeIn('x', 'a'), written.placeIn('999', 'a'), written.placeIn('y', 'a')]).toEqual([
      undefined,
      undefined,
      'json',
    ])
  })
})
