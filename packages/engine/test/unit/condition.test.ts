import { expect, test } from 'vitest'
import { createCondition } from '../../src/jobs/condition.ts'

test('a waiter continues immediately if its condition holds, and otherwise after the change that fulfils it', async () => {
  const condition = createCondition()
  await condition.until(() => true)
  let value = 0
  const reached: number[] = []
  const waiting = [2, 1].map((wanted) => condition.until(() => value >= wanted).then(() => reached.push(wanted)))
  for (value of [1, 2]) {
    condition.changed()
    await Promise.resolve()
  }
  await Promise.all(waiting)
  expect(reached).toEqual([1, 2])
})

test('a waiter gets the error that its condition throws, and its condition is not evaluated again', async () => {
  const condition = createCondition()
  let asked = 0
  const waiting = condition.until(() => {
    asked += 1
    if (asked === 2) throw new Error('it ended')
    return false
  })
  condition.changed()
  condition.changed()
  await expect(waiting).rejects.toThrow('it ended')
  expect(asked).toBe(2)
})
