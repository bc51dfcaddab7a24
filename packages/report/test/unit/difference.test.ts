import type { Parsed } from '@chaosproxy/runner/result'
import { expect, test } from 'vitest'
import { differenceOf } from '../../src/difference/difference.ts'

type Levels = { readonly [level: string]: string }

const result = (levels: Levels, more: object = {}) => ({
  levels: Object.fromEntries(Object.entries(levels).map(([level, decided]) => [level, { result: decided }])),
  lost: [],
  ...more,
})

test('a comparison of two results calls a level worse only if both results decide the level', () => {
  const { levels } = differenceOf(
    result({ linearizable: 'met', sequential: 'met', eventual: 'unknown' }),
    result({ linearizable: 'violated', sequential: 'unknown', eventual: 'met' }),
  )
  expect(levels.map(({ what, change }) => [what, change])).toEqual([
    ['linearizable', 'worse'],
    ['sequential', ''],
    ['eventual', ''],
  ])
})

test('a comparison calls a level unconfirmed if it was met by a record that shows too little', () => {
  const { levels } = differenceOf(
    result({ linearizable: 'met' }, { vacuous: ['no read succeeded'] }),
    result({ linearizable: 'violated' }, { vacuous: [] }),
  )
  expect(levels).toEqual([{ what: 'linearizable', before: 'unconfirmed', after: 'violated', change: '' }])
})

test('two results are compared by lost writes only if both reveal whether writes were lost', () => {
  const figures = (before: Parsed, after: Parsed) => differenceOf(before, after).figures.map(({ what }) => what)
  const [decided, undecided] = [result({ eventual: 'met' }), result({ eventual: 'unknown' })]
  expect(figures(decided, decided)).toEqual(['lost writes'])
  expect(figures(decided, undecided)).toEqual([])
  expect(figures(result({ serializable: 'violated' }), result({ serializable: 'met' }))).toEqual([])
  expect(figures(decided, result({ eventual: 'unknown' }, { lost: [{}] }))).toEqual(['lost writes'])
})

test('lost elements are not counted as lost writes, too', () => {
  const set = result({ eventual: 'violated' }, { lost: [{}], accounting: { totals: { lost: 1 } } })
  expect(differenceOf(set, set).figures.map(({ what }) => what)).toEqual(['missing elements'])
})
