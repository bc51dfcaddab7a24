import type { Level, Report } from '@chaosproxy/checker'
import { type EventInput, type History, millis } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomEvents, randomFrom, type Shape } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { partition } from '../../src/encoding/partition.ts'
import { createBudget } from '../../src/limits/budget.ts'
import { encodeRegister } from '../../src/register/encoding/encode.ts'
import {
  hasLegalOrder,
  isConvergent,
  isEventual,
  isLinearizable,
  isSequential,
  operationsOf,
  type Reading,
  respectsClients,
  respectsTime,
} from '../brute-force.ts'
import { checkHistory, onlyRows, resultOf } from '../checking.ts'
import { atLeast, many } from '../many.ts'
import { type Answer, waysToLinearizable, waysToSequential } from '../ways.ts'
import { faultOfOrder } from '../witness.ts'

// Compares `check` with the definitions, which try every order, on small random histories. The verdicts and the
// evidence of `check` must agree with the definitions, and so must the verdict of each single algorithm. The seed
// changes with each run; a failure reports it.

const PARTS = [1, 2, 3, 4]
/** The number of histories that each part tests. In the long soak, all parts together test at least 50,000. */
const HISTORIES = many(12_600)

const baseSeed = inject('seed')
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
    goesOn: random() < 0.2,
    failed: random() < 0.5 ? 0.15 : 0,
    mutated: append || random() < 0.7 ? 0.6 : 0,
    finals: !append && random() < 0.3,
  }
}

interface Case {
  readonly events: readonly EventInput[]
  readonly history: History
  readonly reading: Reading
}

function caseOf(seed: number): Case {
  const random = randomFrom(seed)
  const append = random() < 0.15
  const events = randomEvents(smallShape(random, append), random)
  const failedCas = random() < 0.5 ? 'drop' : 'observes'
  return { events, history: smallHistory(events), reading: { initial: append ? '' : null, failedCas } }
}

test.each(PARTS)(
  `check and each algorithm in it agree with the definitions of the levels on ${HISTORIES} small random histories (part %i of ${PARTS.length})`,
  (part) => {
    const count = { linearizable: 0, sequential: 0, judged: 0 }
    const decided: { [way: string]: { met: number; violated: number } } = {}
    for (let n = 0; count.judged < HISTORIES; n++) {
      const seed = baseSeed + part * 100_000_000 + n
      const each = caseOf(seed)
      if (!each.events.some(({ type }) => type === 'ok')) continue
      const truth = truthOf(each)
      // Makes and examines a counterexample only for every second history.
      const fault = faultOfReport(each, truth, n % 2 === 0) ?? faultOfWays(each, truth, decided)
      if (fault !== undefined) {
        expect.fail(`seed ${seed}\n${each.events.map((event) => JSON.stringify(event)).join('\n')}\n${fault}`)
      }
      count.judged++
      if (truth.linearizable) count.linearizable++
      if (truth.sequential) count.sequential++
    }
    // Both answers must be well represented, or agreement would mean little.
    expect(count.linearizable / HISTORIES).toBeGreaterThan(0.2)
    expect(count.linearizable / HISTORIES).toBeLessThan(0.8)
    expect(count.sequential / HISTORIES).toBeLessThan(0.9)
    for (const way of [...Object.keys(waysToLinearizable), ...Object.keys(waysToSequential)]) {
      expect(decided[way]?.met, way).toBeGreaterThan(atLeast(600))
      expect(decided[way]?.violated, way).toBeGreaterThan(atLeast(150))
    }
  },
)

interface Truth {
  readonly linearizable: boolean
  readonly sequential: boolean
  readonly eventual: boolean | undefined
  readonly convergent: boolean | undefined
  /** For each key, whether the operations on it are linearizable. */
  readonly linearizableKeys: ReadonlyMap<string, boolean>
}

function truthOf({ history, reading }: Case): Truth {
  const ops = operationsOf(history, reading)
  const holds = (some: typeof ops): boolean => hasLegalOrder(some, respectsTime, reading.initial)
  const linearizable = holds(ops)
  const keys = [...new Set(ops.map(({ key }) => key))]
  return {
    linearizable,
    sequential: linearizable || hasLegalOrder(ops, respectsClients, reading.initial),
    eventual: isEventual(history, reading),
    convergent: isConvergent(history, reading),
    linearizableKeys: new Map(keys.map((key) => [key, linearizable || holds(ops.filter((op) => op.key === key))])),
  }
}

const resultText = (answer: boolean | undefined): string =>
  answer === undefined ? 'unknown' : answer ? 'met' : 'violated'

const judged = ['linearizable', 'sequential', 'eventual', 'convergent'] as const satisfies readonly Level[]

function faultOfReport(each: Case, truth: Truth, explain: boolean): string | undefined {
  const { history, reading } = each
  const report = checkHistory(history, { ...reading, explain, levels: judged })
  const expected: { readonly [level in Level]?: boolean | undefined } = {
    linearizable: truth.linearizable,
    sequential: truth.sequential,
    // A linearizable history meets `eventual` and `convergent`, even if its final reads differ because a write of
    // unknown outcome took effect between them.
    eventual: truth.linearizable && truth.eventual === false ? true : truth.eventual,
    convergent: truth.linearizable && truth.convergent === false ? true : truth.convergent,
  }
  for (const level of judged) {
    const result = resultOf(report, level)
    if (result !== resultText(expected[level]))
      return `${level} is ${resultText(expected[level])}, check says ${result}`
  }
  return (
    faultOfEvidence(each, report, 'linearizable', explain ? isLinearizable : undefined) ??
    faultOfEvidence(each, report, 'sequential', explain ? isSequential : undefined)
  )
}

function faultOfEvidence(
  { events, history, reading }: Case,
  report: Report,
  level: 'linearizable' | 'sequential',
  holds: typeof isLinearizable | undefined,
): string | undefined {
  const verdict = report.levels[level]
  if (verdict.result === 'met' && verdict.witness.kind === 'order') {
    const rule = level === 'linearizable' ? 'real time' : 'process order'
    const fault = faultOfOrder(history, verdict.witness.orders, rule, reading)
    return fault === undefined ? undefined : `${level} witness: ${fault}`
  }
  if (verdict.result !== 'violated' || holds === undefined) return undefined
  const rows = verdict.counterexample.operations.map(({ operation }) => operation)
  const alone = smallHistory(onlyRows(events, history, rows))
  return holds(alone, reading) ? `${level} counterexample ${rows} is none by itself` : undefined
}

function faultOfWays(
  { history, reading }: Case,
  truth: Truth,
  decided: { [way: string]: { met: number; violated: number } },
): string | undefined {
  const { encoded, decoder } = encodeRegister(history, reading)
  const budget = createBudget({ deadlineMs: millis(20_000), memoryBytes: 1e9, now: () => millis(performance.now()) })
  const fault = (way: string, answer: Answer, expected: boolean): string | undefined => {
    if (answer === undefined) return undefined
    if (answer !== expected) return `${way}: ${answer}, but the definition says ${expected}`
    decided[way] ??= { met: 0, violated: 0 }
    decided[way][expected ? 'met' : 'violated']++
    return undefined
  }
  const parts = partition(encoded)
  for (const [way, decide] of Object.entries(waysToLinearizable)) {
    for (const [p, part] of parts.entries()) {
      const name = decoder.keyName(parts.length === 1 ? 0 : p) ?? ''
      const wrong = fault(way, decide(part, decoder.value, budget), truth.linearizableKeys.get(name) ?? true)
      if (wrong !== undefined) return wrong
    }
  }
  for (const [way, decide] of Object.entries(waysToSequential)) {
    const wrong = fault(way, decide(encoded, decoder.value, budget), truth.sequential)
    if (wrong !== undefined) return wrong
  }
  return undefined
}
