import { type History, inputOf, outputOf } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { randomFrom, randomHistory, type Shape } from '../../../testing/src/random-history.ts'
import type { Counterexample } from '../../src/index.ts'
import { levels } from '../../src/index.ts'
import { checkHistory, historyOf } from '../checking.ts'
import { atLeast, many } from '../many.ts'

// The drawing of a counterexample shows only the counterexample's operations. Readers look there for each operation
// that the counterexample's sentence names.

const NAMED_OPERATION =
  /process (\S+?)(?:'s)? (?:read(?: of)?|wrote|may have written|write of|appended|may have appended|append of|changed|may have changed|failed to change|cas)\b([^,;:]*)/gi

/** Returns the parts of the sentence that mention an operation outside the counterexample. */
function missing(history: History, { sentence, operations }: Counterexample): string[] {
  const named = operations.map(({ operation }) => ({
    process: history.processName(history.operations.process[operation] ?? 0),
    values: [inputOf(history, operation), outputOf(history, operation)].flat().map((value) => JSON.stringify(value)),
  }))
  return [...sentence.matchAll(NAMED_OPERATION)]
    .filter(([, process, rest = '']) => {
      const values = rest.match(/(?<!\w)(?:"[^"]*"|null|-?\d+)/g) ?? []
      return !named.some((one) => one.process === process && one.values.includes(values[0] ?? ''))
    })
    .map(([text]) => text)
}

const shapes: readonly Partial<Shape>[] = [
  { store: 'stale' },
  { store: 'replicas' },
  { store: 'scattered', finals: true },
  { store: 'stale', cas: true, values: 3 },
  { store: 'atomic', mutated: 0.1, failed: 0.2 },
  { store: 'atomic', mutated: 0.1, unknown: 0.2, finals: true },
]

test('the operations of a counterexample include every operation that its sentence names', () => {
  const random = randomFrom(7)
  const found = new Set<string>()
  let violations = 0
  for (let i = 0; i < many(1_500); i++) {
    const shape: Shape = {
      ...{
        processes: 3,
        operations: 8 + (i % 20),
        keys: 1 + (i % 2),
        values: 0,
        cas: false,
        unknown: 0.05,
        failed: 0.05,
        mutated: 0,
      },
      store: 'atomic',
      ...shapes[i % shapes.length],
    }
    const history = randomHistory(shape, random)
    const report = checkHistory(history)
    for (const level of levels) {
      const verdict = report.levels[level]
      if (verdict.result !== 'violated') continue
      violations++
      for (const text of missing(history, verdict.counterexample))
        found.add(`${level}: ${verdict.counterexample.sentence} lacks ${text}`)
    }
  }
  expect([...found].slice(0, 10)).toEqual([])
  expect(violations).toBeGreaterThan(atLeast(1_000))
})

test.each([
  ['a write that came only after the read', ['r1--|', '      w1--|']],
  ['a write that had failed', ['w1--x', '      r1--|']],
])('a counterexample includes %s', (_, rows) => {
  const history = historyOf(...rows)
  const verdict = checkHistory(history).levels.linearizable
  if (verdict.result !== 'violated') throw new Error(verdict.result)
  expect(missing(history, verdict.counterexample)).toEqual([])
  expect(verdict.counterexample.operations).toHaveLength(2)
})
