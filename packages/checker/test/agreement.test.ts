import type { Level } from '@chaos/checker'
import { expect, test } from 'vitest'
import { isEventual, isLinearizable, isSequential } from './brute-force.ts'
import { checkHistory, onlyRows, resultOf } from './checking.ts'
import { randomEvents, randomFrom, type Shape } from './random-history.ts'
import { smallHistory } from './small-history.ts'
import { faultOfOrder } from './witness.ts'

// Every answer on small random histories is compared with the definitions, tried out in full. The seed changes with each
// run; a failure names it.

const baseSeed = Date.now() % 1_000_000_000
const stores = ['atomic', 'replicas', 'stale', 'scattered'] as const

function smallShape(random: () => number, append: boolean): Shape {
  const below = (n: number): number => Math.floor(random() * n)
  return {
    processes: 2 + below(3),
    operations: 3 + below(6),
    keys: 1 + below(2),
    values: random() < 0.5 ? 0 : 1 + below(3),
    cas: random() < 0.3,
    append,
    store: stores[below(stores.length)]!,
    unknown: random() < 0.5 ? 0.25 : 0,
    failed: random() < 0.5 ? 0.15 : 0,
    mutated: random() < 0.6 ? 0.35 : 0,
    finals: !append && random() < 0.3,
  }
}

const said = (answer: boolean | undefined): string => (answer === undefined ? 'unknown' : answer ? 'met' : 'violated')

test.each([0, 1, 2, 3])('check agrees with the definitions on 5,050 small random histories (part %i)', (part) => {
  const share = { met: 0, violated: 0 }
  const sequential = { met: 0, violated: 0 }
  let judged = 0
  for (let n = 0; judged < 5_050; n++) {
    const seed = baseSeed + part * 100_000_000 + n
    const random = randomFrom(seed)
    const append = random() < 0.12
    const events = randomEvents(smallShape(random, append), random)
    if (!events.some(({ type }) => type === 'ok')) continue
    judged++
    const reading = {
      initial: append ? '' : null,
      failedCas: random() < 0.5 ? ('drop' as const) : ('observes' as const),
    }
    const history = smallHistory(events)
    const report = checkHistory(history, reading)
    const linearizable = isLinearizable(history, reading)
    const inOrder = linearizable || isSequential(history, reading)
    const eventual = isEventual(history, reading)
    const where = (): string => `seed ${seed}\n${events.map((event) => JSON.stringify(event)).join('\n')}\n`
    const agree = (level: Level, answer: boolean | undefined): void => {
      if (resultOf(report, level) !== said(answer)) expect(resultOf(report, level), where() + level).toBe(said(answer))
    }
    agree('linearizable', linearizable)
    agree('sequential', inOrder)
    // Final reads of a linearizable history may differ: a write of unknown outcome took effect between them.
    agree('eventual', linearizable && eventual === false ? true : eventual)
    share[linearizable ? 'met' : 'violated']++
    sequential[inOrder ? 'met' : 'violated']++

    for (const level of ['linearizable', 'sequential'] as const) {
      const verdict = report.levels[level]
      if (verdict.result === 'met' && verdict.witness.kind === 'order') {
        const rule = level === 'linearizable' ? 'real time' : 'process order'
        const fault = faultOfOrder(history, verdict.witness.orders, rule, reading)
        if (fault !== undefined) expect.fail(`${where()}${level} witness: ${fault}`)
      }
      if (verdict.result === 'violated') {
        const rows = verdict.counterexample.operations.map(({ operation }) => operation)
        const alone = smallHistory(onlyRows(events, history, rows))
        const holds = level === 'linearizable' ? isLinearizable(alone, reading) : isSequential(alone, reading)
        if (holds) expect.fail(`${where()}${level} counterexample ${rows} is none by itself`)
      }
    }
  }
  // Both answers must be well represented, or agreement would mean little.
  expect(share.met / judged).toBeGreaterThan(0.2)
  expect(share.violated / judged).toBeGreaterThan(0.2)
  expect(sequential.violated / judged).toBeGreaterThan(0.04)
})
