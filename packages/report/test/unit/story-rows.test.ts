import { nanos } from '@chaosproxy/history'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PlayedStep, Sign, StoryTelling } from '../../src/played-story.ts'
import { groupsOf, pairedSteps } from '../../src/story-rows.ts'

const telling = (steps: readonly PlayedStep[]): StoryTelling => ({
  ...{ kind: 'accident', title: '', setting: '', clients: [], nodes: [], verdicts: [], ending: '', differences: [] },
  steps,
})

const groups = (whats: string) =>
  groupsOf(telling(Array.from(whats, (what) => ({ what, text: what.toUpperCase(), signs: [] }))))

const paired = (told: string, fixed: string): string =>
  pairedSteps(groups(told), groups(fixed))
    .map((pair) => `${pair.accident?.what ?? '-'}${pair.fixed?.what ?? '-'}`)
    .join(' ')

describe('the steps of two stories side by side', () => {
  test('a step that two scenarios side by side both have is shown in one row', () => {
    expect(paired('abc', 'abc')).toBe('aa bb cc')
    expect(paired('abc', 'ac')).toBe('aa b- cc')
    expect(paired('ac', 'abc')).toBe('aa -b cc')
    expect(paired('abxd', 'aybd')).toBe('aa -y bb x- dd')
  })

  test('a step of a scenario has its own row if the scenario beside it lacks the step', () => {
    expect(paired('ab', '')).toBe('a- b-')
    expect(paired('', 'ab')).toBe('-a -b')
    expect(paired('a', 'b')).toBe('a- -b')
  })

  test('two scenarios side by side show their steps once, in order, and share as many rows as possible', () => {
    const whats = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 7 }).map((all) => all.join(''))
    fc.assert(
      fc.property(whats, whats, (told, fixed) => {
        const rows = pairedSteps(groups(told), groups(fixed))
        expect(rows.map((row) => row.accident?.what ?? '').join('')).toBe(told)
        expect(rows.map((row) => row.fixed?.what ?? '').join('')).toBe(fixed)
        const together = rows.filter((row) => row.accident !== undefined && row.fixed !== undefined)
        for (const row of together) expect(row.accident?.what).toBe(row.fixed?.what)
        expect(together).toHaveLength(longestCommon(told, fixed))
      }),
    )
  })
})

/** Returns the length of the longest common subsequence of two texts. */
const longestCommon = (one: string, other: string): number =>
  one === '' || other === ''
    ? 0
    : one[0] === other[0]
      ? 1 + longestCommon(one.slice(1), other.slice(1))
      : Math.max(longestCommon(one.slice(1), other), longestCommon(one, other.slice(1)))

test('an event in a scenario is shown at the last step that began before the event', () => {
  const sign = (at: number): Sign => ({ type: 'fault', at: nanos(at), node: 'n1', text: 'down' })
  const [one, two] = groupsOf(
    telling([
      { what: 'a', text: '', signs: [sign(1), sign(9)] },
      { what: 'b', text: '', signs: [sign(5)] },
    ]),
  )
  expect(one?.signs.map(({ at }) => at)).toEqual([1])
  expect(two?.signs.map(({ at }) => at)).toEqual([5, 9])
})

test('a step of a scenario shows the state of the invariant only if the state has changed', () => {
  const step = (says: string, broken = false): PlayedStep => ({
    ...{ what: 'a', text: '', signs: [] },
    ledger: { says, broken, breaks: false },
  })
  const shown = groupsOf(telling([step('none'), step('none'), step('one'), step('one', true), step('one', true)]))
  expect(shown.map(({ ledger }) => ledger?.says)).toEqual(['none', undefined, 'one', 'one', undefined])
})
