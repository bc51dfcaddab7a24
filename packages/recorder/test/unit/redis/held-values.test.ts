import type { Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { type Interpretation, UNSAID } from '../../../src/record/call.ts'
import type { CommandOperation } from '../../../src/redis/answers.ts'
import { HeldValues } from '../../../src/redis/held-values.ts'

const writing = (value: Json, key: string | typeof UNSAID = 'x', f = 'write', harmless?: true): CommandOperation => ({
  call: { f, key, value, ...(harmless && { harmless }) },
  interpret: () => undefined,
})
const ok = (value: Json): Interpretation => ({ type: 'ok', value })

describe('the last known value of a Redis key', () => {
  /** Writes that end one after the other. */
  const written = (...values: readonly Json[]) => {
    const held = new HeldValues()
    for (const value of values) {
      held.called([writing(value)])
      held.ended([writing(value)], ok(value))
    }
    return held
  }

  test('the last known value of a key is that of the last write, and is unknown while a write is open', () => {
    const held = written('a', 'b')
    expect(held.of('x')?.value).toBe('b')
    expect(held.of('y')).toBeUndefined()
    held.called([writing('c')])
    expect(held.of('x')).toBeUndefined()
    held.ended([writing('c')], ok('c'))
    expect(held.of('x')?.value).toBe('c')
  })

  test.each<readonly [string, Interpretation, string | undefined]>([
    ['a success', ok('b'), 'b'],
    ['a refusal', { type: 'fail', error: 'no' }, 'a'],
    ['an unknown outcome', { type: 'info', error: 'lost' }, undefined],
    ['a reply that is not understood', { type: 'not-understood', error: 'odd' }, undefined],
  ])('if a write of b over a ends with %s, the last known value is $2', (_, outcome, value) => {
    const held = written('a')
    held.called([writing('b')])
    held.ended([writing('b')], outcome)
    expect(held.of('x')?.value).toBe(value)
  })

  test.each<readonly [Json, string, string | undefined]>([
    ['b', 'write', 'b'],
    [null, 'write', undefined],
    [{ base64: '/w==' }, 'write', undefined],
    [['a', 'b'], 'cas', 'b'],
    ['b', 'append', undefined],
  ])('after the value %j is written by the operation %s, the last known value is %s', (value, f, left) => {
    const held = written('a')
    held.called([writing(value, 'x', f)])
    held.ended([writing(value, 'x', f)], ok(value))
    expect(held.of('x')?.value).toBe(left)
  })

  test('reads and writes with an unknown key do not change the last known value of a key', () => {
    const held = written('a')
    for (const part of [writing(null, 'x', 'read', true), writing('b', UNSAID)]) {
      held.called([part])
      expect(held.of('x')?.isWrittenBy(0)).toBe(true)
      held.ended([part], ok('b'))
    }
    expect(held.of('x')?.value).toBe('a')
  })

  test('the last known value of a key is unknown after concurrent writes, until a later write', () => {
    const held = new HeldValues()
    held.called([writing('a')])
    held.called([writing('b')])
    held.ended([writing('a')], ok('a'))
    held.called([writing('c')])
    held.ended([writing('b')], ok('b'))
    held.ended([writing('c')], ok('c'))
    expect(held.of('x')).toBeUndefined()
    held.called([writing('d')])
    held.ended([writing('d')], ok('d'))
    expect(held.of('x')?.value).toBe('d')
  })

  test('isWrittenBy reports whether a key was written exactly the given number of times since the lookup', () => {
    const held = written('a')
    const found = held.of('x')
    expect([0, 1].map((writes) => found?.isWrittenBy(writes))).toEqual([true, false])
    held.called([writing('a')])
    expect([0, 1, 2].map((writes) => found?.isWrittenBy(writes))).toEqual([false, true, false])
    held.ended([writing('b')], ok('b'))
    expect(found?.isWrittenBy(1)).toBe(false)
  })

  test('the last known value of a key stays unknown once the key may have changed outside the record', () => {
    const [one, all] = [written('a'), written('a')]
    const found = all.of('x')
    one.lose('x')
    all.stop()
    for (const held of [one, all]) {
      held.called([writing('b')])
      held.ended([writing('b')], ok('b'))
      expect(held.of('x')).toBeUndefined()
    }
    expect(found?.isWrittenBy(0)).toBe(false)
  })

  test('last known values are kept while they have at most 16,000,000 characters in total', () => {
    const held = written('a'.repeat(15_999_999))
    const write = (value: string, key: string) => {
      held.called([writing(value, key)])
      held.ended([writing(value, key)], ok(value))
      return held.of(key)?.value
    }
    expect([write('b', 'y'), write('c', 'z')]).toEqual(['b', undefined])
    expect(write('', 'y')).toBe('')
    expect([write('c', 'z'), write('', 'x'), write('dd', 'w')]).toEqual(['c', '', 'dd'])
  })
})
