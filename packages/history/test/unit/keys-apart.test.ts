import { expect, test } from 'vitest'
import { type EventInput, historyFromEvents, type Json, keysApart } from '../../src/index.ts'

/** Returns what `keysApart` returns for a history of these operations. Each operation concerns one key. */
function apart(...operations: readonly (readonly [f: string, key: string, type?: 'ok' | 'fail' | 'info'])[]) {
  const events = operations.flatMap(([f, key, type = 'ok']): EventInput[] => {
    const value: Json = f === 'cas' ? [1, 2] : f === 'read' ? null : 1
    const operation = { process: type === 'info' ? `${f} ${key}` : 0, f, key, value }
    return [
      { ...operation, type: 'invoke' },
      { ...operation, type },
    ]
  })
  return keysApart(historyFromEvents(events))
}

test('keysApart returns a written key and a read key if no key was both written and read', () => {
  expect(apart(['write', 'x'], ['write', 'z'], ['read', 'y'])).toEqual({ written: 'x', read: 'y' })
  expect(apart(['write', 'x', 'info'], ['read', 'y'])).toEqual({ written: 'x', read: 'y' })
  expect(apart(['write', 'x'], ['write', 'y', 'fail'], ['read', 'y'])).toEqual({ written: 'x', read: 'y' })
  expect(apart(['write', 'x'], ['read', 'x', 'fail'], ['read', 'y'])).toEqual({ written: 'x', read: 'y' })
})

test('keysApart returns undefined if a key was both written and read, or if nothing was written or read', () => {
  expect(apart(['write', 'x'], ['read', 'y'], ['read', 'x'])).toBeUndefined()
  expect(apart(['write', 'x'], ['read', 'y'], ['cas', 'z'])).toBeUndefined()
  expect(apart(['read', 'y'])).toBeUndefined()
  expect(apart(['write', 'x'])).toBeUndefined()
})
