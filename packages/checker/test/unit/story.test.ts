import { type Counterexample, type Level, levels } from '@chaosproxy/checker'
import { type History, inputOf, outputOf } from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { randomEvents, randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { checkHistory, historyOf } from '../checking.ts'
import { atLeast, many } from '../many.ts'

const baseSeed = inject('seed')

const counterexampleOf = (history: History, level: Level): Counterexample => {
  const verdict = checkHistory(history, { levels }).levels[level]
  if (verdict.result !== 'violated') throw new Error(`${level} is ${verdict.result}`)
  return verdict.counterexample
}

describe('the sentence of a cycle', () => {
  test('the sentence of a cycle describes a client that saw the second write of a process and then missed the first', () => {
    const history = historyOf('wx1| wy2|', '          ry2|  rx|')
    const { sentence, culprit } = counterexampleOf(history, 'causal')
    expect(sentence).toBe("p0 wrote x = 1, then y = 2; p1 saw p0's y = 2, but then read x = null from n2, not p0's 1.")
    expect(culprit).toBe(3)
    expect(counterexampleOf(history, 'causal-memory').sentence).toBe(sentence)
    expect(counterexampleOf(history, 'sequential').sentence).toBe(sentence)
  })

  test('the sentence of a cycle describes a client that saw a write, but missed a write that the writer had read', () => {
    const history = historyOf('wx1|', '     rx1| wy2|', '              ry2|  rx|')
    expect(counterexampleOf(history, 'causal').sentence).toBe(
      "p1 saw p0's x = 1, then wrote y = 2; p2 saw p1's y = 2, but then read x = null from n3, not p0's 1.",
    )
  })

  test('the sentence of a cycle describes an old value that was read after a newer value', () => {
    const history = historyOf('wx1| wx2|', '          rx2|  rx1|')
    const { sentence, culprit } = counterexampleOf(history, 'causal')
    expect(sentence).toBe("p0 wrote x = 1, then x = 2; p1 saw p0's x = 2, but then read x = 1 from n2, which is older.")
    expect(culprit).toBe(3)
  })

  test('the sentence of a cycle describes a client that did not see its own write', () => {
    expect(counterexampleOf(historyOf('wx1|  rx|'), 'read-your-writes').sentence).toBe(
      'p0 wrote x = 1, but then read x = null from n1, not its own 1.',
    )
  })

  test("the sentence of a cycle describes two clients that did not see each other's writes", () => {
    const { sentence, culprit } = counterexampleOf(historyOf('wx1|  ry|', 'wy2|  rx|'), 'sequential')
    expect(sentence).toBe(
      "p0 wrote x = 1, and then read y = null, not p1's 2; p1 wrote y = 2, and then read x = null, not p0's 1. No one order fits all of that.",
    )
    expect(culprit).toBeUndefined()
  })

  test('the sentence of a cycle describes two readers that saw two writes in opposite orders', () => {
    const history = historyOf('w1--|', '      w2--|', '            r2|  r1|', '            r1|   r2|')
    expect(counterexampleOf(history, 'sequential').sentence).toBe(
      "p3 saw p0's 1, and then saw p1's 2; p2 saw p1's 2, and then saw p0's 1. No one order fits all of that.",
    )
  })

  test('the sentence of a cycle describes a value that was read before it was written', () => {
    const history = historyOf('rx2|  wy1|', 'ry1|  wx2|')
    expect(counterexampleOf(history, 'causal').sentence).toContain('So something was seen before it was written.')
  })
})

/** Matches the statement about an operation in a clause: `wrote x = 1`, `saw p0's x = 1`, `read x = null`. */
const ACT = /(wrote|read|saw (?:its own|p\d+'s)) (?:(\w+) = )?(null|\d+)/g

test('the sentence of a cycle names only operations of the counterexample, in the order of each client', () => {
  let stories = 0
  for (let n = 0; n < many(150); n++) {
    const random = randomFrom(baseSeed + n)
    const events = randomEvents(
      {
        ...{ processes: 2 + Math.floor(random() * 3), operations: 30, keys: 1 + Math.floor(random() * 2), values: 0 },
        ...{ cas: false, store: (['replicas', 'stale', 'scattered'] as const)[n % 3] ?? 'stale' },
        ...{ unknown: 0.05, failed: 0.05, mutated: 0.02 },
      },
      random,
    )
    const history = smallHistory(events)
    const report = checkHistory(history, { levels })
    for (const level of levels) {
      const verdict = report.levels[level]
      if (verdict.result !== 'violated' || verdict.counterexample.edges === undefined) continue
      const { sentence, operations, culprit } = verdict.counterexample
      if (sentence.includes('That is a cycle')) continue
      stories++
      const rows = operations.map(({ operation }) => operation)
      if (culprit !== undefined) expect(rows).toContain(culprit)
      for (const clause of sentence.replace(/\. .*$|\.$/, '').split('; ')) expectTrue(clause, rows, history)
    }
  }
  expect(stories).toBeGreaterThan(atLeast(100))
})

function expectTrue(clause: string, rows: readonly number[], history: History): void {
  const process = Number(clause.match(/^p(\d+) /)?.[1])
  const own = rows.filter((row) => history.operations.process[row] === process)
  let from = 0
  for (const [, verb, key, value] of clause.matchAll(ACT)) {
    const at = own.findIndex((row, i) => {
      const isRead = history.functions[history.operations.f[row]!] === 'read'
      const text = JSON.stringify(isRead ? outputOf(history, row) : inputOf(history, row))
      const name = history.keys[history.operations.key[row]!]
      return i >= from && isRead === (verb !== 'wrote') && text === value && (key === undefined || key === name)
    })
    if (at === -1) expect.fail(`"${clause}" is not what process ${process} did`)
    from = at
  }
}
