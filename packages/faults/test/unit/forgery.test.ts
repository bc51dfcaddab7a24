import type { Json } from '@chaosproxy/history'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRandom, forge } from '../../src/index.ts'

const drawFrom = (seed: number) => {
  const random = createRandom(`forgery ${seed}`)
  return () => random.next()
}

/** Returns the value with every string, number and boolean replaced by the name of its type. */
const shapeOf = (value: Json): Json =>
  value === null
    ? null
    : Array.isArray(value)
      ? value.map(shapeOf)
      : typeof value === 'object'
        ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shapeOf(each)]))
        : typeof value

const differences = (one: Json, two: Json): number =>
  one !== null && typeof one === 'object'
    ? Object.entries(one).reduce(
        (sum, [name, each]) => sum + differences(each, (two as Record<string, Json>)[name]!),
        0,
      )
    : Number(!Object.is(one, two))

test('a forged message differs from the original in one field, whose type stays the same', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), fc.nat(), (message, seed) => {
      const before = JSON.stringify(message)
      const forged = forge(message as Json, 1, drawFrom(seed))
      expect(JSON.stringify(message)).toBe(before)
      if (forged === undefined) return
      expect(shapeOf(forged)).toEqual(shapeOf(message as Json))
      expect(differences(message as Json, forged)).toBe(1)
    }),
  )
})

test('forge keeps the "type" of a message, and returns undefined for a message without data', () => {
  for (let seed = 0; seed < 50; seed++) {
    const forged = forge({ type: 'vote', term: 3, from: { type: 'node', name: 'n2' } }, 2, drawFrom(seed))
    expect(forged).toMatchObject({ type: 'vote', from: { type: 'node' } })
  }
  expect(forge({ type: 'ping', entries: [], leader: null }, 1, drawFrom(1))).toBeUndefined()
})

test('forge replaces a node name by another node name, and a number by a close number that is not negative', () => {
  const all = (message: Json) =>
    new Set(Array.from({ length: 100 }, (_, seed) => JSON.stringify(forge(message, 1, drawFrom(seed)))))
  expect(all('n2')).toEqual(new Set(['"n3"', '"n4"', '"n5"']))
  expect(all(2)).toEqual(new Set(['0', '1', '3', '4', '5']))
  expect(all(true)).toEqual(new Set(['false']))
})

test('forge changes the end of a text, where a digit stays a digit and another character becomes a letter', () => {
  const draws =
    (...all: number[]) =>
    () =>
      all.shift() ?? 0
  expect(forge('n9', 1, draws(0, 0))).toBe('n0')
  expect(forge('n0', 1, draws(0, 0.99))).toBe('n3')
  expect(forge('', 1, draws(0, 0.5))).toBe('2')
  expect(['a', 'z', '/', ':'].map((text) => forge(text, 1, draws(0, 0)))).toEqual(['u', 't', 'w', 'h'])
  expect(forge(1e300, 1, draws(0, 0, 0.9))).toBe(-1e300)
  expect(forge(3, 1, draws(0, 0.99, 0.4))).toBe(0)
  expect(forge(2, 1, draws(0, 0.99, 0.4))).toBe(5)
  expect(forge(3, 1, draws(0, 0.99, 0.5))).toBe(6)
})

test('several fields are forged one after the other, in lists and objects', () => {
  const message = { a: [1, 2], b: { c: true }, type: 'x' }
  const draws = [0, 0, 0.9, 0.99, 0]
  expect(forge(message, 2, () => draws.shift() ?? 0)).toEqual({ a: [2, 2], b: { c: false }, type: 'x' })
})
