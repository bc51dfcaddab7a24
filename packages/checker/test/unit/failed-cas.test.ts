import { check } from '@chaosproxy/checker'
import { historyFromEvents, millis } from '@chaosproxy/history'
import { expect, test } from 'vitest'

const judged = (error: string | undefined): string =>
  check(
    historyFromEvents([
      { process: 0, type: 'invoke', f: 'write', value: 1 },
      { process: 0, type: 'ok', f: 'write', value: 1 },
      { process: 1, type: 'invoke', f: 'cas', value: [1, 2] },
      { process: 1, type: 'fail', f: 'cas', value: [1, 2], error },
    ]),
    {
      model: 'register',
      initial: null,
      levels: ['linearizable'],
      failedCas: 'observes',
      deadlineMs: millis(5000),
      memoryBytes: 1 << 28,
      now: () => millis(performance.now()),
    },
  ).levels.linearizable.result

test('a failed cas proves that the object held another value, if failed cas count as observations', () => {
  expect(judged(undefined)).toBe('violated')
  expect(judged('mismatch')).toBe('violated')
  expect(judged('status 412')).toBe('violated')
})

test('a cas that was never executed proves nothing about the value', () => {
  for (const error of [
    'never forwarded: the connection was refused',
    'unavailable',
    'MOVED 42 127.0.0.1:1',
    'status 401',
  ])
    expect(judged(error)).toBe('met')
})
