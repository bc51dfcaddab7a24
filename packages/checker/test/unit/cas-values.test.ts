import { type EventInput, historyFromEvents, type Json } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { checkHistory, resultOf } from '../checking.ts'

// A cas whose invocation has only the new value, like GETSET, or no value, like INCR. The completion has the missing
// values.

let process = 0
/** A cas that overlaps no other operation, with its input (if any) and its completion. */
const cas = (input: Json | undefined, output: Json | undefined, type: 'ok' | 'fail' | 'info' = 'ok'): EventInput[] => {
  const who = ++process
  return [
    { process: who, type: 'invoke', f: 'cas', key: 'x', ...(input === undefined ? {} : { value: input }) },
    { process: who, type, f: 'cas', key: 'x', ...(output === undefined ? {} : { value: output }) },
  ]
}
const read = (value: Json): EventInput[] => {
  const who = ++process
  return [
    { process: who, type: 'invoke', f: 'read', key: 'x', value: null },
    { process: who, type: 'ok', f: 'read', key: 'x', value },
  ]
}
const linearizable = (...events: readonly (readonly EventInput[])[]) =>
  resultOf(checkHistory(historyFromEvents(events.flat())), 'linearizable')

test('check takes the old value of a cas from its completion', () => {
  expect(linearizable(cas(['a'], [null, 'a']), cas(['b'], ['a', 'b']), read('b'))).toBe('met')
  expect(linearizable(cas(['a'], [null, 'a']), cas(['b'], ['c', 'b']), read('b'))).toBe('violated')
})

test('a cas that completes with the same old and new value counts as a read', () => {
  expect(linearizable(cas(['a'], [null, 'a']), cas(['b'], ['a', 'a']), read('a'))).toBe('met')
  expect(linearizable(cas(['a'], [null, 'a']), cas(['b'], ['a', 'a']), read('b'))).toBe('violated')
})

test('a cas that names an old value neither in its call nor in its completion counts as a write', () => {
  expect(linearizable(cas(['a'], [null, 'a']), cas(['b'], ['b']), read('b'))).toBe('met')
  expect(linearizable(cas(['a'], [null, 'a']), cas(['b'], undefined), read('a'))).toBe('violated')
})

test('a cas of unknown outcome that names only its new value may have written that value or nothing', () => {
  for (const value of ['a', 'b'])
    expect(linearizable(cas(['a'], [null, 'a']), cas(['b'], undefined, 'info'), read(value))).toBe('met')
  expect(linearizable(cas(['a'], [null, 'a']), cas(['b'], undefined, 'info'), read('c'))).toBe('violated')
})

test('a failed cas that names only its new value wrote nothing', () => {
  expect(linearizable(cas(['a'], [null, 'a']), cas(['b'], undefined, 'fail'), read('a'))).toBe('met')
  expect(linearizable(cas(['a'], [null, 'a']), cas(['b'], undefined, 'fail'), read('b'))).toBe('violated')
})

test('check refutes two increments that return the same sum, even if only their answers contain values', () => {
  const counted = (...sums: readonly number[]) =>
    linearizable(...sums.map((sum) => cas(undefined, sum === 1 ? ['1'] : [String(sum - 1), String(sum)])))
  expect(counted(1, 2, 3)).toBe('met')
  expect(counted(1, 2, 2)).toBe('violated')
})
