import { mayChange, meaningOf, readsWhole, replacesWhole, withArticle, writtenValue } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { vocabulary } from '../../src/operations/vocabulary.ts'

describe('the vocabulary of operations', () => {
  test('meaningOf gives two names of an operation, such as "unlock" and "release", the same meaning', () => {
    expect(meaningOf('receive')).toBe(meaningOf('dequeue'))
    expect(meaningOf('unlock')).toBe(meaningOf('release'))
  })

  test('meaningOf assigns no meaning to an unknown name', () => {
    expect(meaningOf('invent')).toBeUndefined()
    expect(meaningOf('constructor')).toBeUndefined()
    expect(mayChange('invent')).toBe(true)
  })

  test('the vocabulary of operations lists each name once', () => {
    const names = Object.entries(vocabulary).flatMap(([f, { aliases = [] }]) => [f, ...aliases])
    expect(names.toSorted()).toEqual([...new Set(names)].toSorted())
  })

  test('the vocabulary marks the operations that read or write a whole value', () => {
    const names = Object.keys(vocabulary)
    expect(['get', ...names].filter(readsWhole)).toEqual(['get', 'read'])
    expect(names.filter(replacesWhole)).toEqual(['write', 'put'])
  })

  test('the vocabulary marks only operations that add, append or move as accumulating', () => {
    const accumulating = Object.entries(vocabulary).filter(([, { accumulates }]) => accumulates === true)
    expect(new Set(accumulating.map(([, { effect }]) => effect))).toEqual(new Set(['adds', 'appends', 'moves']))
  })
})

test.each([
  ['write', 'a write'],
  ['increment', 'an increment'],
  ['unlock', 'an unlock'],
])('the name %s with its article is %s', (f, named) => {
  expect(withArticle(f)).toBe(named)
})

test('writtenValue returns the last value of a cas, and the whole argument of any other operation', () => {
  expect(writtenValue('cas', [1, 2])).toBe(2)
  expect(writtenValue('cas', [2])).toBe(2)
  expect(writtenValue('write', [1, 2])).toEqual([1, 2])
  expect(writtenValue('write', null)).toBeNull()
})
