import { mayChange, meaningOf, readsWhole, replacesWhole, withArticle, writtenValue } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { vocabulary } from '../../src/operations/vocabulary.ts'

describe('the vocabulary of operations', () => {
  test('gives an alias the meaning of its entry', () => {
    expect(meaningOf('receive')).toBe(meaningOf('dequeue'))
    expect(meaningOf('unlock')).toBe(meaningOf('release'))
  })

  test('gives an unknown name no meaning', () => {
    expect(meaningOf('invent')).toBeUndefined()
    expect(meaningOf('constructor')).toBeUndefined()
    expect(mayChange('invent')).toBe(true)
  })

  test('lists each name once', () => {
    const names = Object.entries(vocabulary).flatMap(([f, { aliases = [] }]) => [f, ...aliases])
    expect(names.toSorted()).toEqual([...new Set(names)].toSorted())
  })

  test('distinguishes reads and writes of whole values from other operations', () => {
    const names = Object.keys(vocabulary)
    expect(['get', ...names].filter(readsWhole)).toEqual(['get', 'read'])
    expect(names.filter(replacesWhole)).toEqual(['write', 'put'])
  })

  test('counts the size of an argument only for operations that add, append or move', () => {
    const accumulating = Object.entries(vocabulary).filter(([, { accumulates }]) => accumulates === true)
    expect(new Set(accumulating.map(([, { effect }]) => effect))).toEqual(new Set(['adds', 'appends', 'moves']))
  })
})

test.each([
  ['write', 'a write'],
  ['increment', 'an increment'],
  ['unlock', 'an unlock'],
])('the name of %s with its article is %s', (f, named) => {
  expect(withArticle(f)).toBe(named)
})

test('the written value of a cas is its last value, and that of any other change is its whole argument', () => {
  expect(writtenValue('cas', [1, 2])).toBe(2)
  expect(writtenValue('cas', [2])).toBe(2)
  expect(writtenValue('write', [1, 2])).toEqual([1, 2])
  expect(writtenValue('write', null)).toBeNull()
})
