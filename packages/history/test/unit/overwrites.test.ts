import { expect, test } from 'vitest'
import { type Json, Overwrites } from '../../src/index.ts'

/**
 * Performs the steps, each by one of two clients. Returns the objects for which `Overwrites` reports a lost update. The
 * step `adds` is an operation that also reads the old value, such as an increment.
 */
function noticed(...steps: readonly (readonly [by: number, does: string, value: Json, key?: string])[]): string[] {
  const all = new Overwrites()
  const clients = [all.client(), all.client()]
  return steps.flatMap(([by, does, value, key = 'x']) => {
    const client = clients[by]!
    if (does !== 'reads') return client.wrote(key, value, does === 'writes') ? [key] : []
    client.read(key, value)
    return []
  })
}

test('a lost update is possible if another client changed a number between a read and a write', () => {
  expect(noticed([0, 'reads', 5], [1, 'reads', 5], [0, 'writes', 6], [1, 'writes', 6])).toEqual(['x'])
  expect(noticed([0, 'reads', 5], [1, 'adds', 1], [0, 'writes', 6])).toEqual(['x'])
})

test('no lost update is reported if no other client changed the key, or if the value is not a number', () => {
  expect(noticed([0, 'reads', 5], [0, 'writes', 6], [1, 'reads', 6], [1, 'writes', 7])).toEqual([])
  expect(noticed([0, 'writes', 5], [1, 'writes', 6], [0, 'writes', 7])).toEqual([])
  expect(noticed([0, 'reads', 5], [1, 'writes', 6, 'y'], [0, 'writes', 6])).toEqual([])
  expect(noticed([0, 'reads', 'a'], [1, 'writes', 'b'], [0, 'writes', 'c'])).toEqual([])
  expect(noticed([0, 'reads', 5], [1, 'writes', 6], [0, 'adds', 7])).toEqual([])
  expect(noticed([0, 'reads', 5], [1, 'writes', 6], [0, 'writes', 7], [0, 'writes', 8])).toEqual(['x'])
})
