import { type Counterexample, levels } from '@chaosproxy/checker'
import type { EventInput, Header, History } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomEvents, randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { weakLevels } from '../../src/levels/levels.ts'
import { operationsOf, type Reading } from '../brute-force.ts'
import { checkHistory, onlyRows } from '../checking.ts'
import { many, manyOf } from '../many.ts'
import { tryAll } from '../weak-brute-force.ts'

// A counterexample of a level between sequential and eventual cannot be reduced further for this level. The seed
// changes with each run; a failure reports it.

const baseSeed = inject('seed')
const reading: Reading = { initial: null, failedCas: 'drop' }
const stores = ['atomic', 'replicas', 'stale', 'scattered'] as const
const unnamed: Header = { chaos: 1 }

const coreOf = ({ operations }: Counterexample): readonly number[] =>
  operations.filter(({ role }) => role === 'core').map(({ operation }) => operation)

/** Judges the operations in `rows` alone, by the definitions of the levels (see `tryAll`). */
function answersOf(events: readonly EventInput[], history: History, rows: readonly number[]) {
  return tryAll(operationsOf(smallHistory(onlyRows(events, history, rows), unnamed), reading), null)
}

/**
 * Reports whether, for each read in `rows`, the rows contain all writes that the read may have seen. If such a write is
 * missing, the read may contradict the remaining operations.
 */
function isClosed({ operations, functions }: History, rows: readonly number[], all: readonly number[]): boolean {
  const is = (row: number, f: string): boolean => functions[operations.f[row]!] === f
  const writesItOf = (read: number) => (row: number) =>
    is(row, 'write') &&
    operations.key[row] === operations.key[read] &&
    operations.input[row] === operations.output[read]
  return rows
    .filter((row) => is(row, 'read'))
    .every((read) => all.filter(writesItOf(read)).every((write) => rows.includes(write)))
}

test(`each operation in a counterexample is needed for the violation, on ${manyOf(6_000)} small random histories`, () => {
  const seen: { [level: string]: number } = {}
  let judged = 0
  for (let n = 0; judged < many(6_000); n++) {
    const seed = baseSeed + n
    const random = randomFrom(seed)
    const below = (most: number): number => Math.floor(random() * most)
    const events = randomEvents(
      {
        processes: 2 + below(3),
        operations: 4 + below(8),
        keys: 1 + below(2),
        values: random() < 0.7 ? 0 : 2 + below(2),
        cas: false,
        store: stores[below(stores.length)]!,
        unknown: random() < 0.3 ? 0.2 : 0,
        failed: 0,
        mutated: random() < 0.6 ? 0.3 + below(2) * 0.5 : 0,
      },
      random,
    )
    const history = smallHistory(events, unnamed)
    // Skips histories with more writes, because the definition tries all orders of the writes.
    if (operationsOf(history, reading).filter(({ f }) => f === 'write').length > 5) continue
    judged++
    const report = checkHistory(history, { levels })
    for (const level of weakLevels) {
      const verdict = report.levels[level]
      if (verdict.result !== 'violated') continue
      const where = (what: string): string =>
        `seed ${seed}: ${level}, told as ${verdict.counterexample.level}: ${what}\n${events.map((event) => JSON.stringify(event)).join('\n')}`
      const core = coreOf(verdict.counterexample)
      if (answersOf(events, history, core)[level] === true) expect.fail(where(`met by ${core}`))
      seen[level] = (seen[level] ?? 0) + 1
      for (const row of core) {
        const fewer = core.filter((each) => each !== row)
        if (!isClosed(history, fewer, core)) continue
        if (answersOf(events, history, fewer)[level] === false) expect.fail(where(`of ${core}, ${fewer} are enough`))
      }
    }
  }
  for (const level of weakLevels) expect(seen[level], level).toBeGreaterThan(judged * 0.01)
})
