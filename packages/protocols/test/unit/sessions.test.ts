import { expect, test } from 'vitest'
import { register } from '../../src/objects/register.ts'
import { applyOnce, createCopy, loadCopy, type SessionedCopy, saveCopy } from '../../src/routing/sessions.ts'
import { registersOf } from '../raft-node.ts'

const write = (object: SessionedCopy, client: number, sequence = 1) =>
  applyOnce(register, object, {
    input: { f: 'write', key: 'x', value: client },
    session: { client: `c${client}`, sequence },
  })

test('a request that a client repeats gets its first answer, and changes nothing', () => {
  const object = createCopy(register)
  const first = write(object, 1)
  write(object, 2)
  expect(write(object, 1)).toBe(first)
  expect(registersOf({ copy: object }).get('x')).toBe(2)
})

test('a replica and its restored snapshot both drop the least recently used sessions beyond the limit', () => {
  const copy = createCopy(register)
  for (let client = 1; client <= 9_999; client++) write(copy, client)
  write(copy, 1, 2)
  const restored = loadCopy(register, { held: saveCopy(register, copy).held, sessions: [...copy.sessions].reverse() })
  for (const object of [copy, restored]) for (let client = 10_000; client <= 10_500; client++) write(object, client)
  expect(new Map(restored.sessions)).toEqual(copy.sessions)
  expect(copy.sessions.has('c1')).toBe(true)
  expect(copy.sessions.has('c2')).toBe(false)
  expect(copy.sessions.has('c10500')).toBe(true)
})
