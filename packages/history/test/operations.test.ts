import { mayChange, meaningOf, readsWhole, replacesWhole, withArticle, writtenValue } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { vocabulary } from '../src/operations/vocabulary.ts'

describe('the vocabulary of operations', () => {
  test('gives an alias the meaning of its row', () => {
    expect(meaningOf('receive')).toBe(meaningOf('dequeue'))
    expect(meaningOf('unlock')).toBe(meaningOf('release'))
  })

  test('gives a name that only a user knows no meaning', () => {
    expect(meaningOf('invent')).toBeUndefined()
    expect(meaningOf('constructor')).toBeUndefined()
    expect(mayChange('invent')).toBe(true)
  })

  test('has each name once', () => {
    const names = Object.entries(vocabulary).flatMap(([f, { aliases = [] }]) => [f, ...aliases])
    expect(names.toSorted()).toEqual([...new Set(names)].toSorted())
  })

  test('tells reads and writes of whole values from other operations', () => {
    const names = Object.keys(vocabulary)
    expect(['get', ...names].filter(readsWhole)).toEqual(['get', 'read'])
    expect(names.filter(replacesWhole)).toEqual(['write', 'put'])
  })

  test('adds the size of every argument, except of operations that overwrite, remove or dequeue', () => {
    const accumulating = Object.entries(vocabulary).filter(([, { accumulates }]) => accumulates === true)
    expect(new Set(accumulating.map(([, { effect }]) => effect))).toEqual(new Set(['adds', 'appends', 'moves']))
  })
})

test.each([
  ['write', 'a write'],
  ['increment', 'an increment'],
  ['unlock', 'an unlock'],
])('the article of %s is in %s', (f, named) => {
  expect(withArticle(f)).toBe(named)
})

test('a cas writes its last value, and any other change its whole argument', () => {
  expect(writtenValue('cas', [1, 2])).toBe(2)
  expect(writtenValue('cas', [2])).toBe(2)
  expect(writtenValue('write', [1, 2])).toEqual([1, 2])
  expect(writtenValue('write', null)).toBeNull()
})
