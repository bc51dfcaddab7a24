import {
  type EventInput,
  FAIL,
  type History,
  historyFromEvents,
  inputOf,
  type Json,
  millis,
  OK,
  outputOf,
} from '@chaosproxy/history'
import { createVerifier } from '@chaosproxy/verifier'
import { describe, expect, inject, test } from 'vitest'
import { randomFrom } from '../../../../testing/src/random-history.ts'
import { check, isolationLadder, type Report } from '../../../src/index.ts'
import { judgedLines } from '../../../src/proof/judged-lines.ts'
import { partsOf } from '../../../src/transactions/levels/ladder.ts'
import { many, manyOf } from '../../many.ts'
import { eventsOf, type Kind } from '../../transactions/brute-force.ts'
import { together } from '../../transactions/judged.ts'
import { randomShape, randomTransactions } from '../../transactions/random-transactions.ts'

const models = { list: 'list-append', register: 'rw-register' } as const

const judge = (kind: Kind, history: History): Report<string> =>
  check(history, {
    ...{ model: models[kind], initial: null, levels: isolationLadder.levels, failedCas: 'drop' },
    ...{ deadlineMs: millis(60_000), memoryBytes: 1e9, now: () => millis(0) },
  })

/**
 * Returns the distinct counterexamples of a report. If a counterexample shows that several levels are violated, its
 * `level` is the weakest of them.
 */
function counterexamplesOf({ levels }: Report<string>) {
  const counterexample = Object.values(levels).flatMap((verdict) =>
    verdict.result === 'violated' ? verdict.counterexample : [],
  )
  return [...new Set(counterexample)]
}

const rowsOf = ({ operations }: ReturnType<typeof counterexamplesOf>[number]): readonly number[] =>
  operations.map(({ operation }) => operation)

type Step = readonly [f: string, key: string, value: Json]

/**
 * Returns the events of the transactions in `rows` only, without the parts of their reads that show writes of other
 * transactions. Keeps a read of a register that follows a write of the same transaction to this register.
 */
function alone(history: History, rows: readonly number[]): EventInput[] {
  const { length, outcome, process, callEvent, returnEvent } = history.operations
  const others = new Set<string>()
  for (let row = 0; row < length; row++)
    if (!rows.includes(row) && outcome[row] !== FAIL)
      for (const [f, key, value] of inputOf(history, row) as unknown as readonly Step[])
        if (f !== 'r') others.add(`${key} ${value}`)
  const known = (steps: readonly Step[]): readonly Step[] =>
    steps.flatMap(([f, key, value], at): readonly Step[] => {
      if (f === 'r' && Array.isArray(value)) return [[f, key, value.filter((each) => !others.has(`${key} ${each}`))]]
      const isOwn = steps.slice(0, at).some(([before, its]) => before !== 'r' && its === key)
      return f === 'r' && !isOwn && others.has(`${key} ${value}`) ? [] : [[f, key, value]]
    })
  const events = rows.flatMap((row) => {
    const of = { process: process[row]!, f: 'txn' }
    const end = outcome[row] === OK ? 'ok' : outcome[row] === FAIL ? 'fail' : 'info'
    const value = end === 'ok' ? known(outputOf(history, row) as unknown as readonly Step[]) : inputOf(history, row)
    const at = returnEvent[row]! < 0 ? length * 2 + row : returnEvent[row]!
    return [
      { at: callEvent[row]!, event: { ...of, type: 'invoke' as const, value: inputOf(history, row) } },
      { at, event: { ...of, type: end, value: value as Json } as const },
    ]
  })
  return events.toSorted((a, b) => a.at - b.at).map(({ event }) => event)
}

/**
 * Returns `level` or, if the verifier does not cover this level, a stronger level of the same form (see `Form`) that
 * the verifier covers.
 */
function coveredBy(level: string): string {
  const { isolation, form } = partsOf(level as Parameters<typeof partsOf>[0])
  const covered = ['serializable', 'repeatable-read', 'snapshot-isolation', 'read-committed']
  if (covered.includes(isolation)) return level
  return form.prefixed(isolation === 'read-uncommitted' ? 'read-committed' : 'snapshot-isolation')
}

describe.each(['list', 'register'] as const)('a counterexample of transactions on a %s', (kind) => {
  test(`each counterexample of transactions violates its level by itself, in ${manyOf(300)} histories`, () => {
    const first = inject('seed') * 10_000
    for (let seed = first; seed < first + many(300); seed++) {
      const random = randomFrom(seed)
      const history = historyFromEvents(eventsOf(randomTransactions(randomShape(kind, random, 7), random), kind))
      const lines = judgedLines(history)!
      const head = { proof: 1, history: '', model: models[kind], initial: null, failedCas: 'drop' } as const
      for (const counterexample of counterexamplesOf(judge(kind, history))) {
        const rows = rowsOf(counterexample)
        const what = `${counterexample.level} of seed ${seed}: ${counterexample.sentence}`
        const { levels } = judge(kind, historyFromEvents(alone(history, rows)))
        expect(levels[counterexample.level]?.result, what).toBe('violated')
        const core = rows.map((row) => lines.lineOf[row]!)
        const finding = createVerifier(
          lines.read,
          head,
        )([{ level: coveredBy(counterexample.level), result: 'violated', core }])
        expect(finding.verdict, `${what} ${finding.why}`).toBe('accepted')
        expect(
          counterexample.transactions?.parts.map(({ operation }) => operation),
          what,
        ).toEqual(rows)
      }
    }
  })
})

test('a counterexample draws and names the transaction whose read proves the order of two appends', () => {
  const events = [
    ...together(
      [
        0,
        [
          ['append', 'x', 1],
          ['r', 'y', []],
        ],
      ],
      [
        1,
        [
          ['append', 'x', 2],
          ['append', 'y', 1],
        ],
      ],
      [2, [['r', 'x', [2, 1]]]],
    ),
  ]
  const [counterexample] = counterexamplesOf(judge('list', historyFromEvents(events)))
  expect(counterexample?.transactions?.parts.map(({ why }) => why)).toEqual([
    undefined,
    undefined,
    'shows that T2 appended to x before T1',
  ])
  expect(counterexample?.sentence).toMatch(
    /T3 \(process 2\) read x = \[2,1\], which shows that T2 appended to x before T1\.$/,
  )
})

test('the drawing of a counterexample labels the transaction that proves a read older than a write', () => {
  const events = together(
    [0, [['w', 'x', 1]]],
    [
      1,
      [
        ['r', 'x', 1],
        ['w', 'z', 1],
      ],
    ],
    [
      2,
      [
        ['r', 'z', 1],
        ['w', 'x', 2],
        ['w', 'y', 1],
      ],
    ],
    [
      3,
      [
        ['r', 'x', 1],
        ['r', 'y', 1],
      ],
    ],
  )
  const counterexample = counterexamplesOf(judge('register', historyFromEvents(events))).find(
    ({ level }) => level === 'causal',
  )
  const why = 'shows that T4 read x before T3 wrote it'
  expect(counterexample?.transactions?.parts.map((part) => part.why)).toEqual([why, why, undefined, undefined])
  expect(counterexample?.sentence).toContain(
    `T1 (process 0) wrote 1 to x; T2 (process 1) read x = 1 and wrote 1 to z. Together this ${why}.`,
  )
})
