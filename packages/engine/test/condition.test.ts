import { expect, test } from 'vitest'
import { createCondition } from '../src/jobs/condition.ts'

test('whoever waits goes on at once if the condition holds, and otherwise after the change by which it does', async () => {
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

test('whoever waits is told why the condition will never hold, and is asked no more', async () => {
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
