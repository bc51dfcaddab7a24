import { type Json, nanos } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { Overwrites } from '../../src/postgresql/overwrites.ts'
import type { Executed } from '../../src/postgresql/transaction.ts'

const statement = (f: string, value: Json, key = 'x'): Executed => ({
  step: {
    kind: 'operation',
    what: f,
    part: { key, call: { f, key, value }, writes: f === 'read' ? 'nothing' : { value }, says: () => UNUSED },
  },
  said: { type: 'ok', value },
  askedAt: nanos(0),
})
const UNUSED = { type: 'info', error: 'not asked' } as const

/** What is noticed of these statements, each with its connection and alone in its transaction. */
function noticed(...steps: readonly (readonly [by: number, f: string, value: Json, key?: string])[]): string[] {
  const found: string[] = []
  const all = new Overwrites()
  const connections = [0, 1].map(() => all.connection((key) => found.push(key)))
  for (const [by, f, value, key] of steps) connections[by]?.committed([statement(f, value, key)])
  return found
}

test('a write of a number that others have changed since it was read is reported', () => {
  expect(noticed([0, 'read', 5], [1, 'read', 5], [0, 'write', 6], [1, 'write', 6])).toEqual(['x'])
  expect(noticed([0, 'read', 5], [1, 'add', 1], [0, 'write', 6])).toEqual(['x'])
})

test('a write is not reported if nobody interfered, its row was not read, or it is no number', () => {
  expect(noticed([0, 'read', 5], [0, 'write', 6], [1, 'read', 6], [1, 'write', 7])).toEqual([])
  expect(noticed([0, 'write', 5], [1, 'write', 6], [0, 'write', 7])).toEqual([])
  expect(noticed([0, 'read', 5], [1, 'write', 6, 'y'], [0, 'write', 6])).toEqual([])
  expect(noticed([0, 'read', 'a'], [1, 'write', 'b'], [0, 'write', 'c'])).toEqual([])
  expect(noticed([0, 'read', 5], [1, 'write', 6], [0, 'cas', [6, 7]])).toEqual([])
  expect(noticed([0, 'read', 5], [1, 'write', 6], [0, 'write', 7], [0, 'write', 8])).toEqual(['x'])
})

test('a transaction of several statements is not reported, since it is judged as a whole', () => {
  const found: string[] = []
  const all = new Overwrites()
  const [one, another] = [all.connection((key) => found.push(key)), all.connection((key) => found.push(key))]
  another.committed([statement('read', 5), statement('write', 6)])
  one.committed([statement('read', 5), statement('write', 6)])
  expect(found).toEqual([])
})
