import { expect, test } from 'vitest'
import { applyOnce, createSessionedObject, restoreSessionedObject, type SessionedObject } from '../src/raft/sessions.ts'

const write = (object: SessionedObject, client: number, sequence = 1) =>
  applyOnce(object, {
    input: { f: 'write', key: 'x', value: client },
    session: { client: `c${client}`, sequence },
  })

test('a request that comes again is told what it was told before, and changes nothing', () => {
  const object = createSessionedObject()
  const first = write(object, 1)
  write(object, 2)
  expect(write(object, 1)).toBe(first)
  expect(object.values.get('x')).toBe(2)
})

test('of too many sessions those used least recently are forgotten, and every copy forgets the same, one restored from a snapshot too', () => {
  const copy = createSessionedObject()
  for (let client = 1; client <= 9_999; client++) write(copy, client)
  write(copy, 1, 2)
  const restored = restoreSessionedObject(copy.values, [...copy.sessions].reverse())
  for (const object of [copy, restored]) for (let client = 10_000; client <= 10_500; client++) write(object, client)
  expect(new Map(restored.sessions)).toEqual(copy.sessions)
  expect(copy.sessions.has('c1')).toBe(true)
  expect(copy.sessions.has('c2')).toBe(false)
  expect(copy.sessions.has('c10500')).toBe(true)
})
