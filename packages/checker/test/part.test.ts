import { checkPart } from '@chaosproxy/checker'
import { type History, millis, OK } from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { historyOfRows } from '../src/encoding/rows.ts'
import { checkHistory, historyOf } from './checking.ts'
import { many } from './many.ts'
import { randomEvents, randomFrom } from './random-history.ts'
import { smallHistory } from './small-history.ts'

const options = {
  model: 'register',
  initial: null,
  failedCas: 'drop',
  deadlineMs: millis(20_000),
  memoryBytes: 1e9,
  now: () => millis(performance.now()),
} as const

const LEVELS = ['linearizable', 'sequential'] as const

/** The verdict on the operations called from one column of the timeline to before another. */
function judged(history: History, level: string, from = 0, to = Number.POSITIVE_INFINITY, of?: string) {
  const { callTime, f } = history.operations
  const whole = checkHistory(history, { levels: LEVELS })
  const isMeant = (row: number): boolean =>
    callTime[row]! >= from * 1e6 && callTime[row]! < to * 1e6 && (of === undefined || history.functions[f[row]!] === of)
  return checkPart(history, whole, { level, isMeant }, { ...options, levels: [level] })
}

/** A stale read between columns 10 and 20; a fresh one before, and one after. */
const hurt = historyOf('w1-|   w2-|', '     r1|      r1| r2|')

describe('linearizable, of a part of a history,', () => {
  test('is broken only in the part with the read that completes a contradiction', () => {
    expect(judged(hurt, 'linearizable', 10, 18)).toMatchObject({
      result: 'violated',
      sentence: expect.stringMatching(/read 1/),
    })
    expect(judged(hurt, 'linearizable', 0, 10)).toEqual({ result: 'met' })
    expect(judged(hurt, 'linearizable', 18)).toEqual({ result: 'met' })
    expect(judged(hurt, 'linearizable')).toMatchObject({ result: 'violated' })
  })

  test('counts earlier reads: a value that another read had seen overwritten is stale', () => {
    const history = historyOf('w1---------|', 'w2---------|', '      r1|', '           r2|', '               r1|')
    expect(judged(history, 'linearizable', 15)).toMatchObject({ result: 'violated' })
    expect(judged(history, 'linearizable', 0, 15)).toEqual({ result: 'met' })
  })

  test('a read of a value that nobody had written yet breaks linearizability at that read, not at the write', () => {
    const history = historyOf('w1-|      w2-|', '     r2|        r2|')
    expect(judged(history, 'linearizable', 0, 8)).toMatchObject({ result: 'violated' })
    expect(judged(history, 'linearizable', 8)).toEqual({ result: 'met' })
  })

  test('goes on after several stale reads, on several keys', () => {
    const history = historyOf(
      'wx1|  wx2|  wy1| wy2|',
      '              rx1|  rx1| ry1| rx2| ry2|',
      '                 rx1| rx1|     rx2|  ry2|',
    )
    expect(judged(history, 'linearizable', 30)).toEqual({ result: 'met' })
    expect(judged(history, 'linearizable', 0, 13)).toMatchObject({ result: 'unknown' })
    expect(judged(history, 'linearizable', 24, 27)).toMatchObject({
      result: 'violated',
      sentence: expect.stringContaining('y'),
    })
  })

  test('is met before an impossible change outside the part, and unknown after it', () => {
    const history = historyOf('w1-| r1|  c23|  r3|')
    expect(judged(history, 'linearizable', 0, 9)).toEqual({ result: 'met' })
    expect(judged(history, 'linearizable', 15)).toEqual({
      result: 'unknown',
      reason: 'a change outside this part is impossible (line 5), and what came after it cannot be told',
    })
    expect(judged(history, 'linearizable', 9, 15)).toMatchObject({ result: 'violated' })
  })
})

describe('a part that proves nothing is unknown', () => {
  test.each([
    ['without operations', 90, 99, undefined, 'no such operation was called'],
    ['of writes, which return nothing', 0, 99, 'write', 'none of these operations returned anything'],
    ['with reads that all failed', 0, 99, 'read', 'none of these operations returned anything'],
  ] as const)('%s', (_, from, to, of, reason) => {
    const verdict = judged(historyOf('w1-|', '     r1x'), 'linearizable', from, to, of)
    expect(verdict).toEqual({ result: 'unknown', reason: expect.stringContaining(reason) })
  })

  test('for a level that was not decided', () => {
    expect(judged(hurt, 'strong')).toEqual({ result: 'unknown', reason: 'strong was not decided' })
  })
})

describe('a weaker level, of a part,', () => {
  /** Process 2 reads 2 and then 1, which process 1 wrote in the other order; process 3 reads only 2. */
  const back = historyOf('w1| w2|', '        r2|  r1|', '             r2|   r2|')

  test("is broken if the part's reads and all changes contradict each other by themselves", () => {
    expect(judged(back, 'sequential', 8, 14)).toMatchObject({ result: 'violated' })
    expect(judged(back, 'sequential')).toMatchObject({ result: 'violated' })
  })

  test('is unknown if only reads outside the part show the violation', () => {
    expect(judged(back, 'sequential', 15)).toEqual({
      result: 'unknown',
      reason: 'the history is not sequential, and it takes reads outside this part to show it',
    })
  })

  test('is met if the whole history meets it', () => {
    expect(judged(hurt, 'sequential', 10, 18)).toEqual({ result: 'met' })
  })
})

describe('for any history', () => {
  const random = randomFrom(inject('seed'))
  const below = (n: number): number => Math.floor(random() * n)
  const drawn = (): History =>
    smallHistory(
      randomEvents(
        {
          processes: 2 + below(3),
          operations: 4 + below(30),
          keys: 1 + below(2),
          values: random() < 0.3 ? 3 : 0,
          cas: random() < 0.2,
          store: (['atomic', 'replicas', 'stale'] as const)[below(3)]!,
          unknown: 0.1,
          failed: 0.1,
          mutated: random() < 0.3 ? 0.1 : 0,
        },
        random,
      ),
    )

  test('linearizability is blamed on the same operations as by judging at every return', () => {
    for (let n = 0; n < many(150); n++) {
      const history = drawn()
      const part = below(3)
      const isMeant = (row: number): boolean => row % 3 === part
      const whole = checkHistory(history, { levels: ['linearizable'] })
      const verdict = checkPart(
        history,
        whole,
        { level: 'linearizable', isMeant },
        { ...options, levels: ['linearizable'] },
      )
      const slowly = blamedSlowly(history, isMeant)
      if (verdict.result === 'unknown') expect(verdict.reason).toMatch(/impossible|returned anything/)
      else expect(verdict.result).toBe(slowly)
    }
  })

  test('a part is broken only if the whole is, and a broken whole has a broken half', () => {
    for (let n = 0; n < many(150); n++) {
      const history = drawn()
      const whole = checkHistory(history, { levels: LEVELS })
      for (const level of LEVELS) {
        const halves = [0, 1].map(
          (half) =>
            checkPart(history, whole, { level, isMeant: (row) => row % 2 === half }, { ...options, levels: [level] })
              .result,
        )
        if (whole.levels[level].result === 'met') expect(halves).not.toContain('violated')
        else expect(halves, level).not.toEqual(['met', 'met'])
      }
    }
  })
})

/** Judges at every return, and sets reads outside the part aside. */
function blamedSlowly(history: History, isMeant: (row: number) => boolean): 'met' | 'violated' {
  const { length, returnEvent, outcome, f } = history.operations
  let rows = Array.from({ length }, (_, row) => row)
  const returned = rows.filter((row) => outcome[row] === OK).sort((a, b) => returnEvent[a]! - returnEvent[b]!)
  for (const row of returned) {
    const cut = historyOfRows(history, rows, returnEvent[row])
    if (checkHistory(cut, { levels: ['linearizable'] }).levels.linearizable.result === 'met') continue
    if (isMeant(row)) return 'violated'
    if (history.functions[f[row]!] !== 'read') return 'met'
    rows = rows.filter((other) => other !== row)
  }
  return 'met'
}
