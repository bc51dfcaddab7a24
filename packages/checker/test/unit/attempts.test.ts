import { type EventInput, historyFromEvents, type Json } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { checkHistory, resultOf } from '../checking.ts'

/** An operation that overlaps no other. `requestId` names an attempt. */
function operation(process: number, f: string, value: Json, answer: Json | 'lost', requestId?: string): EventInput[] {
  const invocation: EventInput = { process, type: 'invoke', f, key: 'x', value }
  return [
    requestId === undefined ? invocation : { ...invocation, extra: { requestId } },
    answer === 'lost'
      ? { process, type: 'info', f, key: 'x', error: 'reset' }
      : { process, type: 'ok', f, key: 'x', value: answer },
  ]
}

const judged = (model: 'register' | 'counter', ...operations: readonly EventInput[][]): string =>
  resultOf(
    checkHistory(historyFromEvents(operations.flat()), {
      model,
      initial: model === 'counter' ? 0 : null,
      levels: ['linearizable'],
    }),
    'linearizable',
  )

test('a history of a service that applies each request id once, and repeats its answer, is linearizable', () => {
  const first = operation(0, 'write', 1, 'lost', 'a')
  const other = operation(1, 'write', 2, 2, 'b')
  const again = operation(2, 'write', 1, 1, 'a')
  expect(judged('register', first, other, again, operation(3, 'read', null, 2))).toBe('met')
})

test('a history of a service that repeats a write after another write was read is not linearizable', () => {
  const first = operation(0, 'write', 1, 'lost', 'a')
  const other = operation(1, 'write', 2, 2, 'b')
  const again = operation(3, 'write', 1, 1, 'a')
  const before = [operation(4, 'read', null, 1), other, operation(4, 'read', null, 2)]
  expect(judged('register', first, ...before, again, operation(5, 'read', null, 1))).toBe('violated')
})

test('a counter is not linearizable if it adds twice for one request id', () => {
  const attempts = [operation(0, 'add', 1, 'lost', 'a'), operation(1, 'add', 1, null, 'a')]
  expect(judged('counter', ...attempts, operation(2, 'read', null, 1))).toBe('met')
  expect(judged('counter', ...attempts, operation(2, 'read', null, 2))).toBe('violated')
  const lost = [operation(0, 'add', 1, 'lost', 'a'), operation(1, 'add', 1, 'lost', 'a')]
  expect(judged('counter', ...lost, operation(2, 'read', null, 0))).toBe('met')
  expect(judged('counter', ...lost, operation(2, 'read', null, 2))).toBe('violated')
})
