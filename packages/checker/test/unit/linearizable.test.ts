import { millis, UserError } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { checkHistory, historyOf, resultOf, timeline } from '../checking.ts'

const judged = (...rows: string[]) => checkHistory(historyOf(...rows)).levels.linearizable
const verdictOf = (...rows: string[]) => judged(...rows).result

function counterexampleOf(...rows: string[]) {
  const verdict = judged(...rows)
  if (verdict.result !== 'violated') throw new Error(`it is ${verdict.result}`)
  return verdict.counterexample
}

describe('a linearizable register', () => {
  test('in a linearizable history, a read called after the return of a write returns the new value', () => {
    expect(verdictOf('w1--|  w2--|', '          r1|')).toBe('met')
    expect(verdictOf('w1--|  w2--|', '             r1|')).toBe('violated')
  })

  test('in a linearizable history, a read that overlaps a write may return the old value or the new value', () => {
    expect(verdictOf('w1|  w2------|', '        r1|')).toBe('met')
    expect(verdictOf('w1|  w2------|', '        r2|')).toBe('met')
  })

  test('in a linearizable history, no read returns the old value after an earlier read returned the new value', () => {
    expect(verdictOf('w1|  w2-------------|', '        r2|', '              r1|')).toBe('violated')
    expect(verdictOf('w1|  w2-------------|', '        r2------|', '              r1|')).toBe('met')
  })

  test('a read that returns null is a read of the initial value', () => {
    const history = historyOf('r--|', '    w5--|')
    expect(resultOf(checkHistory(history, { initial: 0 }), 'linearizable')).toBe('met')
    expect(verdictOf('w5--|', '      r--|')).toBe('violated')
  })

  test('a write of unknown outcome may take effect late, or never', () => {
    expect(verdictOf('w1|  w2--?', '           r1|     r2|')).toBe('met')
    expect(verdictOf('w1|  w2--?', '           r1|     r1|')).toBe('met')
    expect(verdictOf('w1|  w2', '           r1|     r2|')).toBe('met')
  })

  test('a write of unknown outcome cannot disappear once it was read', () => {
    expect(verdictOf('w1|  w2--?', '           r2|     r1|')).toBe('violated')
  })

  test('a read of a failed write is a violation', () => {
    const counterexample = counterexampleOf('w1|  w2--x', '           r2|')
    expect(counterexample.sentence).toContain("process 0's write of 2 had failed")
  })
})

describe('compare-and-set', () => {
  test('a compare-and-set succeeds at most once per write of its expected value', () => {
    expect(verdictOf('w1|  c12-----|', '       c13-----|')).toBe('violated')
    expect(verdictOf('w1|  c12-----|', '       c23-----|')).toBe('met')
  })

  test("a compare-and-set may fail even if the register has the expected value, unless `failedCas` is 'observes'", () => {
    const history = historyOf('w1|  c12--x', '             r1|')
    expect(resultOf(checkHistory(history), 'linearizable')).toBe('met')
    expect(resultOf(checkHistory(history, { failedCas: 'observes' }), 'linearizable')).toBe('violated')
  })
})

describe('keys', () => {
  test('the witness of a linearizable history has a separate order for each key', () => {
    const verdict = judged('wx1|   ry2|', 'wy2|   rx1|')
    expect(verdict).toMatchObject({ result: 'met', witness: { kind: 'order', orders: [{ key: 'x' }, { key: 'y' }] } })
  })

  test('a counterexample shows operations of one key only', () => {
    const counterexample = counterexampleOf('wx1|  wx2|  wy1|', '               rx1|   ry1|')
    expect(counterexample.keys).toEqual(['x'])
    expect(counterexample.operations).toHaveLength(3)
  })
})

describe('a string with appends', () => {
  const append = (...events: readonly (readonly [number, 'invoke' | 'ok' | 'info', string, string | null])[]) =>
    checkHistory(smallHistory(events.map(([process, type, f, value]) => ({ process, type, f, value }))), {
      initial: '',
    }).levels.linearizable.result

  test('in a linearizable history, every read of a string shows the appended pieces in the same order', () => {
    const both = [
      [0, 'invoke', 'append', 'a'],
      [1, 'invoke', 'append', 'b'],
      [0, 'ok', 'append', 'a'],
      [1, 'ok', 'append', 'b'],
      [2, 'invoke', 'get', null],
    ] as const
    expect(append(...both, [2, 'ok', 'get', 'ab'])).toBe('met')
    expect(append(...both, [2, 'ok', 'get', 'ba'])).toBe('met')
    expect(append(...both, [2, 'ok', 'get', 'a'])).toBe('violated')
    expect(append(...both, [2, 'ok', 'get', 'ab'], [2, 'invoke', 'get', null], [2, 'ok', 'get', 'ba'])).toBe('violated')
  })

  test('a string loses its earlier pieces if a put replaces them', () => {
    const events = [
      [0, 'invoke', 'append', 'a'],
      [0, 'ok', 'append', 'a'],
      [0, 'invoke', 'put', 'z'],
      [0, 'info', 'put', 'z'],
      [1, 'invoke', 'append', 'b'],
      [1, 'ok', 'append', 'b'],
      [2, 'invoke', 'get', null],
    ] as const
    expect(append(...events, [2, 'ok', 'get', 'zb'])).toBe('met')
    expect(append(...events, [2, 'ok', 'get', 'ab'])).toBe('met')
    expect(append(...events, [2, 'ok', 'get', 'azb'])).toBe('violated')
  })
})

describe('a counterexample', () => {
  test('the sentence of a counterexample names processes, values, nodes and times', () => {
    const { sentence } = counterexampleOf('w1--|  w2--|', '                  r1|')
    expect(sentence).toBe(
      "Process 1 read 1 from n2 at 0.018 s, 7.0 ms after process 0's write of 2 was acknowledged by n1.",
    )
  })

  test('the sentence of a counterexample says "just after" if a read was called 0 ns after the write was acknowledged', () => {
    expect(counterexampleOf('w1--|  w2--|', '           r1|').sentence).toMatch(/, just after process 0's write of 2/)
  })

  test('a counterexample includes the write of the stale value that was read', () => {
    const { operations, culprit } = counterexampleOf('w1|  w2|  w3|  w4|', '                       r2|')
    expect(operations.map(({ operation }) => operation)).toEqual([1, 3, 4])
    expect(operations.every(({ role }) => role === 'core')).toBe(true)
    expect(culprit).toBe(4)
  })

  test('a counterexample names the values that were possible before the impossible read', () => {
    const { statesBefore } = counterexampleOf('w1|  w2-------|', '         w3--|', '                   r1|')
    expect(statesBefore?.toSorted()).toEqual([2, 3])
  })

  test('a counterexample says whether a value was never written or was read before its write began', () => {
    expect(counterexampleOf('w1|', '     r7|').sentence).toContain('nobody ever wrote 7')
    expect(counterexampleOf('      w7|', ' r7|').sentence).toContain("before process 0's write of 7 was called")
  })

  test('a counterexample omits operations after the first contradiction', () => {
    const { operations } = counterexampleOf('w1|  w2|      w3|  w4|', '         r1|           r3|')
    expect(operations.map(({ operation }) => operation)).toEqual([0, 1, 2])
  })
})

test('check refuses an operation that the model does not know, and names its line', () => {
  const history = smallHistory([
    { process: 0, type: 'invoke', f: 'read', value: null },
    { process: 0, type: 'ok', f: 'read', value: null },
    { process: 0, type: 'invoke', f: 'enqueue', value: 1 },
  ])
  expect(() => checkHistory(history)).toThrow(UserError)
  expect(() => checkHistory(history)).toThrow(/line 3: .*"enqueue".* read, write, cas, get, put, append/)
})

test('check refuses a cas without a pair of values, and names its line', () => {
  const history = smallHistory([{ process: 0, type: 'invoke', f: 'cas', value: 1 }])
  expect(() => checkHistory(history)).toThrow(/line 1: cas takes \[old, new\], not 1/)
})

test('linearizable is unknown if the deadline has passed before the search', () => {
  const repeated = timeline('w1---|  w1---|  w2---|', ' w2---|   r1---|', '  r2----|')
  let now = 0
  const verdict = checkHistory(smallHistory(repeated), { deadlineMs: millis(0), now: () => millis(now++) }).levels
    .linearizable
  expect(verdict.result).toBe('unknown')
})

test('linearizable is unknown if the memory limit is 64 bytes', () => {
  const history = historyOf('w1---|  w1---|  w2---|', ' w2---|   r1---|', '  r2----|')
  expect(checkHistory(history, { memoryBytes: 64 }).levels.linearizable).toMatchObject({
    result: 'unknown',
    reason: { kind: 'memory', text: expect.stringContaining('out of memory') },
  })
})

test('a counterexample without an explanation has all operations of the violated key', () => {
  const history = historyOf('wx1-|  wx2-|  wy7-|', '                 rx1-|  ry7-|')
  const whole = checkHistory(history, { explain: false }).levels.linearizable
  if (whole.result !== 'violated') throw new Error(`it is ${whole.result}`)
  expect(whole.counterexample).toMatchObject({ keys: ['x'], sentence: 'No order of these 3 operations is legal.' })
  expect(whole.counterexample.operations.map(({ operation }) => operation)).toEqual([0, 1, 3])
})
