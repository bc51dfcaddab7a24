import { expect, test } from 'vitest'
import { afterFirst, type Judged } from '../../src/live/first-finding.ts'

const found = (title: string, members: Partial<Judged> = {}): Judged => ({
  ...{ mood: 'bad', title, sentence: `${title}, by two operations`, drawing: `<svg>${title}</svg>` },
  ...{ operations: 10, ladder: '', answers: `why ${title}`, ...members },
})

test('the live page keeps the violation that was found first, and shows the latest violation below it', () => {
  const first = found('a write was missing', { upTo: 7_000 })
  const next = found('a read went back', { upTo: 9_000, operations: 20, ladder: '<ol/>' })
  expect(afterFirst(undefined, first)).toEqual(first)
  expect(afterFirst(first, first)).toEqual(first)
  expect(afterFirst(first, next)).toEqual({
    ...first,
    ladder: '<ol/>',
    since: { title: next.title, sentence: next.sentence, answers: next.answers, drawing: next.drawing },
  })
})

test('the final check keeps the first violation on the live page, and counts all operations', () => {
  const first = found('a write was missing', { upTo: 7_000 })
  const { upTo, ...whole } = found('3 writes were lost', { operations: 1_331 })
  expect(afterFirst(first, whole)).toMatchObject({
    title: first.title,
    operations: 1_331,
    since: { title: whole.title },
  })
  expect(afterFirst(first, whole).upTo).toBe(upTo)
})

test('the final check replaces the first violation on the live page by the full report on this violation', () => {
  const first = found('a write was missing', { upTo: 7_000 })
  const { upTo, ...whole } = found('a write was missing', { operations: 1_331, answers: 'why, with the settings' })
  expect(afterFirst(first, whole)).toEqual({ ...whole })
  expect(upTo).toBeUndefined()
})

test('a later check without a violation removes the violation from the live page', () => {
  const fine: Judged = { mood: 'good', title: 'Linearizable', sentence: '', operations: 20, answers: '', ladder: '' }
  expect(afterFirst(found('a write was missing'), fine)).toEqual(fine)
})
