import { describe, expect, test } from 'vitest'
import { createRandom, Trigger } from '../../src/index.ts'

const never = () => {
  throw new Error('nothing was to be drawn')
}

/** Returns which of the first twelve candidates are hit, counted from 1. There is one candidate per millisecond. */
function hits(when: ConstructorParameters<typeof Trigger>[0]): readonly number[] {
  const trigger = new Trigger(when)
  return Array.from({ length: 12 }, (_, i) => i + 1).filter((number) => trigger.strikes(number - 1, never, number - 1))
}

describe('a trigger', () => {
  test.each([
    ['every candidate without conditions', undefined, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]],
    ['only the nth candidate with nth', { nth: 3 }, [3]],
    ['only the first candidates with first', { first: 2 }, [1, 2]],
    ['every fifth candidate with every: 5', { every: 5 }, [5, 10]],
    ['only candidates that both of its counts allow', { first: 9, every: 4 }, [4, 8]],
    ['only candidates from fromMs until before untilMs', { fromMs: 2, untilMs: 4 }, [3, 4]],
    ['only candidates after the first afterMessages', { afterMessages: 10 }, [11, 12]],
    ['the nth candidate counted from fromMs', { fromMs: 4, nth: 2 }, [6]],
    ['the first candidate counted after afterMessages', { afterMessages: 6, first: 1 }, [7]],
  ])('the trigger of a fault selects %s', (_, when, expected) => {
    expect(hits(when)).toEqual(expected)
  })

  test('a trigger with "first" also counts the candidates that "probability" skips', () => {
    const trigger = new Trigger({ first: 3, probability: 0.5 })
    const draws = [0.9, 0.1, 0.9]
    expect([1, 2, 3].map((ms) => trigger.strikes(ms, () => draws.shift()!))).toEqual([false, true, false])
    expect(trigger.strikes(4, never)).toBe(false)
  })

  test('a trigger with "every" draws a random number only for candidates that "every" selects', () => {
    const trigger = new Trigger({ every: 2, probability: 1 })
    let draws = 0
    const draw = () => {
      draws++
      return 0.5
    }
    expect([1, 2, 3, 4].map((ms) => trigger.strikes(ms, draw))).toEqual([false, true, false, true])
    expect(draws).toBe(2)
  })

  test('a trigger selects about the share of candidates that its probability states', () => {
    const random = createRandom(1)
    const trigger = new Trigger({ probability: 0.2 })
    const count = Array.from({ length: 10_000 }, () => trigger.strikes(1, () => random.next())).filter(Boolean).length
    expect(count).toBeGreaterThan(1_800)
    expect(count).toBeLessThan(2_200)
  })

  test('a trigger ignores its time window if the candidates have no times', () => {
    const trigger = new Trigger({ fromMs: 1_000, nth: 2 })
    expect([trigger.chooses(never), trigger.chooses(never), trigger.chooses(never)]).toEqual([false, true, false])
  })
})
