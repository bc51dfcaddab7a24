import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { RETRIED, retriedAs } from './retried-tests.ts'

const root = join(import.meta.dirname, '..')

test('every entry of RETRIED names an existing test', () => {
  for (const { file, title } of RETRIED) expect(readFileSync(join(root, file), 'utf8')).toContain(title ?? 'test')
})

test('every entry of RETRIED has a reason', () => {
  expect(RETRIED.filter(({ reason }) => reason.length < 20)).toEqual([])
})

test('an entry of RETRIED with a title applies to one test, and an entry without a title to its whole file', () => {
  const titled = { file: 'a.test.ts', title: 'elects a leader', reason: 'etcd elects when it likes' }
  const whole = { file: 'b.test.ts', reason: 'a registry on the network' }
  const list = [titled, whole]
  expect(retriedAs('a.test.ts', 'elects a leader', list)).toBe(titled)
  expect(retriedAs('a.test.ts', 'loses a leader', list)).toBeUndefined()
  expect(retriedAs('b.test.ts', 'anything', list)).toBe(whole)
  expect(retriedAs('c.test.ts', 'anything', list)).toBeUndefined()
})

test('a test outside RETRIED is not retried', ({ task }) => {
  expect(task.retry).toBe(0)
})

test('no configuration retries all tests of a project', () => {
  for (const name of ['vitest.config.ts', 'vitest.soak.config.ts'])
    expect(readFileSync(join(root, name), 'utf8')).not.toMatch(/\bretry\b/)
})
