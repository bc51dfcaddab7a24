import { expect, test } from 'vitest'
import { createDescriptors, parseLimit } from '../../../src/tcp/descriptors.ts'

test('connections leave some file descriptors free, and reuse the descriptors of closed connections', () => {
  const descriptors = createDescriptors(256)
  const taken = Array.from({ length: 70 }, () => descriptors.take(2))
  expect(taken.filter((giveBack) => giveBack !== undefined)).toHaveLength(64)
  taken[0]?.()
  taken[0]?.()
  expect([descriptors.take(2), descriptors.take(2)]).toEqual([expect.any(Function), undefined])
})

test('some connections are accepted even if few file descriptors are allowed', () => {
  expect(createDescriptors(32).take(16)).toBeDefined()
})

test('the soft limit of open files is parsed as a number, or as Infinity if it is unlimited', () => {
  const text = 'Max processes             31491                31491                processes\n'
  expect(parseLimit(`${text}Max open files            1024                 524288               files\n`)).toBe(1024)
  expect(parseLimit(`${text}Max open files            unlimited            unlimited            files\n`)).toBe(
    Infinity,
  )
})
