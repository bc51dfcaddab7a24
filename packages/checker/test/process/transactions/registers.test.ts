import { join } from 'node:path'
import type { Report } from '@chaosproxy/checker'
import { levelsOf, UNKNOWN_START } from '@chaosproxy/checker'
import type { EventInput, historyFromEvents, Json } from '@chaosproxy/history'
import { readHistory } from '@chaosproxy/history/files'
import { describe, expect, inject, test } from 'vitest'
import { randomFrom } from '../../../../testing/src/random-history.ts'
import { smallHistory } from '../../../../testing/src/small-history.ts'
import { limitedTo } from '../../../src/limits/budget.ts'
import { corpus, corpusIsHere } from '../../labelled.ts'
import { many, manyOf } from '../../many.ts'
import { checkProved } from '../../proof/proving.ts'
import { eventsOf } from '../../transactions/brute-force.ts'
import { randomShape, randomTransactions } from '../../transactions/random-transactions.ts'
import { agreeOnRegisters } from '../../transactions/register-agreement.ts'

const baseSeed = inject('seed')
const model = 'rw-register'

function judge(
  history: ReturnType<typeof historyFromEvents>,
  assume: readonly string[] = [],
  initial: Json = null,
): Report<string> {
  return checkProved(history, {
    ...{ model, initial, assume, failedCas: 'drop', memoryBytes: 1e9 },
    levels: levelsOf(model, history),
    ...limitedTo(1e9),
  })
}

type Micro = readonly [f: 'r' | 'w', key: string, value: Json]

/** One transaction after another, each by a separate process. */
const inTurn = (...transactions: readonly (readonly Micro[])[]): EventInput[] =>
  transactions.flatMap((value, process): EventInput[] => [
    { process, type: 'invoke', f: 'txn', value: value as unknown as Json },
    { process, type: 'ok', f: 'txn', value: value as unknown as Json },
  ])

/** Transactions that all overlap. */
const together = (...transactions: readonly (readonly Micro[])[]): EventInput[] =>
  inTurn(...transactions).toSorted((a, b) => Number(a.type === 'ok') - Number(b.type === 'ok'))

const verdictsOf = (events: readonly EventInput[], assume: readonly string[] = []): Report<string> =>
  judge(smallHistory(events), assume)

const resultOf = (report: Report<string>, level: string): string | undefined => report.levels[level]?.result

test(`the verdict on each level agrees with its axioms on ${manyOf(20_000)} random histories of registers`, () => {
  const sizes = new Set<number>()
  for (let n = 0; n < many(20_000); n++) for (const size of agreeOnRegisters(baseSeed + n)) sizes.add(size)
  expect(sizes).toContain(2)
})

test('the verdicts on transactions do not depend on the order of adjacent invocations, or of adjacent completions', () => {
  for (let n = 0; n < many(1_000); n++) {
    const random = randomFrom(baseSeed + n)
    const events = eventsOf(randomTransactions(randomShape('register', random, 5), random), 'register')
    const moved = [...events]
    for (let times = 0; times < 20; times++) {
      const at = Math.floor(random() * (moved.length - 1))
      const [one, other] = [moved[at], moved[at + 1]]
      if (one === undefined || other === undefined || one.process === other.process) continue
      // Keeps a completion before an invocation, because this order is real-time order.
      if ((one.type === 'invoke') === (other.type === 'invoke')) moved.splice(at, 2, other, one)
    }
    const results = (report: Report<string>) =>
      Object.entries(report.levels).map(([level, { result }]) => [level, result])
    expect(results(verdictsOf(moved)), `seed ${baseSeed + n}`).toEqual(results(verdictsOf(events)))
  }
})

describe('a value that two transactions wrote', () => {
  const twice = inTurn([['w', 'x', 1]], [['w', 'x', 1]])

  test('a read of a value that two transactions wrote leaves "read-committed" unknown, and the reason has lines and a remedy', () => {
    const { levels } = verdictsOf([...twice, ...inTurn([], [], [['r', 'x', 1]]).slice(4)])
    expect(levels['read-committed']).toEqual({
      result: 'unknown',
      reason: {
        kind: 'record',
        text: 'two transactions wrote 1 to x (line 1 and line 3), so a read of it (line 5) does not show which it saw; write each value to a key once',
      },
    })
  })

  test('a value that two transactions wrote does not violate strict serializability if it is never read', () => {
    expect(resultOf(verdictsOf(twice), 'strict-serializable')).toBe('met')
  })

  test('a violation on one key is reported even if two transactions wrote the same value to another key', () => {
    const report = verdictsOf([
      ...twice,
      ...inTurn([], [], [['r', 'x', 1]]).slice(4),
      ...together(
        [],
        [],
        [],
        [
          ['r', 'y', null],
          ['w', 'z', 1],
        ],
        [
          ['r', 'z', null],
          ['w', 'y', 1],
        ],
      ).filter(({ process }) => Number(process) > 2),
    ])
    expect(resultOf(report, 'serializable')).toBe('violated')
    expect(resultOf(report, 'snapshot-isolation')).toBe('unknown')
  })
})

test('a read of the initial value leaves "read-committed" unknown if a transaction also writes that value', () => {
  const { levels } = verdictsOf(inTurn([['w', 'x', null]], [['r', 'x', null]]))
  expect(levels['read-committed']).toMatchObject({
    result: 'unknown',
    reason: { text: expect.stringContaining('write another value') },
  })
})

test('a register begins with the given initial value', () => {
  const history = smallHistory(inTurn([['r', 'x', 0]], [['w', 'x', 1]]))
  expect(resultOf(judge(history, [], 0), 'strict-serializable')).toBe('met')
  expect(resultOf(judge(history), 'read-committed')).toBe('violated')
})

test('the unknown initial value of a register is the first value that was read but never written', () => {
  const events = [...inTurn([['r', 'x', 7]], [['w', 'x', 1]], [['r', 'x', 1]], [['r', 'y', null]])]
  expect(resultOf(judge(smallHistory(events), [], UNKNOWN_START), 'strict-serializable')).toBe('met')
  const two = [...inTurn([['r', 'x', 7]], [['r', 'x', 8]])]
  expect(judge(smallHistory(two), [], UNKNOWN_START).transactions?.anomalies).toHaveProperty('unwritten-read')
})

test('a transaction that reads one version, then another, and then the first again violates monotonic atomic view', () => {
  const readerOf = (...values: readonly number[]) =>
    together(
      [['w', 'x', 1]],
      [['w', 'x', 2]],
      values.map((value): Micro => ['r', 'x', value]),
    )
  expect(resultOf(verdictsOf(readerOf(2, 1, 2)), 'monotonic-atomic-view')).toBe('violated')
  expect(resultOf(verdictsOf(readerOf(2, 1)), 'monotonic-atomic-view')).toBe('met')
})

test('the report of a lost update names its two transactions', () => {
  const report = verdictsOf(
    together(
      [
        ['r', 'x', null],
        ['w', 'x', 1],
      ],
      [
        ['r', 'x', null],
        ['w', 'x', 2],
      ],
    ),
  )
  expect(report.transactions?.anomalies).toHaveProperty('lost-update')
  expect(resultOf(report, 'cursor-stability')).toBe('violated')
  expect(resultOf(report, 'prefix')).toBe('met')
})

test('the report of a write skew names no other anomaly', () => {
  const report = verdictsOf(
    together(
      [
        ['r', 'x', null],
        ['w', 'y', 1],
      ],
      [
        ['r', 'y', null],
        ['w', 'x', 1],
      ],
    ),
  )
  expect(Object.keys(report.transactions?.anomalies ?? {})).toEqual(['G2-item'])
  expect(report.levels['repeatable-read']).toMatchObject({
    counterexample: { anomaly: 'G2-item', story: { name: 'write skew' } },
  })
  expect(report.transactions?.strongest).toContain('strong-snapshot-isolation')
})

describe('assumptions about keys', () => {
  const stale = inTurn([['w', 'x', 1]], [['w', 'x', 2]], [['r', 'x', 1]])

  test('a stale read violates read-uncommitted if linearizable-keys is assumed, and the report names the assumption', () => {
    expect(resultOf(verdictsOf(stale), 'serializable')).toBe('met')
    const report = verdictsOf([...stale, ...inTurn([], [], [], [['r', 'x', 2]]).slice(6)], ['linearizable-keys'])
    expect(resultOf(report, 'read-uncommitted')).toBe('violated')
    expect(report.transactions?.assumed).toEqual(['linearizable-keys'])
    expect(report.headline).toContain('granted linearizable-keys')
  })

  test('a session that returns to an older version violates read-uncommitted under the assumption sequential-keys', () => {
    const back = inTurn([['w', 'x', 1]], [['w', 'x', 2]], [['r', 'x', 2]], [['r', 'x', 1]], [['r', 'x', 2]])
    const session = back.map((event) => (Number(event.process) > 1 ? { ...event, process: 2 } : event))
    expect(resultOf(verdictsOf(session), 'read-uncommitted')).toBe('met')
    const report = verdictsOf(session, ['sequential-keys'])
    expect(report.transactions?.anomalies).toHaveProperty('cyclic-versions')
    expect(resultOf(report, 'read-uncommitted')).toBe('violated')
  })

  test('an assumption with an unknown name is refused', () => {
    expect(() => verdictsOf(stale, ['luck'])).toThrow('there is no assumption "luck"')
  })
})

describe.runIf(corpusIsHere)("Elle's test histories of registers", () => {
  test.each([
    ['rw-register-checker-test-02.edn', ['linearizable-keys'], 'cyclic-versions', 'read-uncommitted'],
    ['rw-register-checker-test-04.edn', ['sequential-keys'], 'G0', 'read-uncommitted'],
    ['rw-register-checker-test-06.edn', [], 'G1b', 'read-committed'],
    ['rw-register-checker-test-09.edn', [], 'G1c', 'read-committed'],
    // Elle calls this anomaly `internal`. Here, `internal` means only that a read misses a write of its own
    // transaction.
    ['rw-register-checker-test-11.edn', [], 'non-repeatable-read', 'read-atomic'],
    ['rw-register-checker-test-13.edn', ['write-follows-read'], 'G-single-item', 'serializable'],
    // Elle's label ends in `-realtime`. Here it ends in `-process`, because both transactions belong to one process.
    ['rw-register-scc-sort-bug-test-01.edn', [], 'G1c-process', 'strong-read-committed'],
  ])(
    'the history %s under the assumptions %j has the anomaly of its label: %s',
    async (file, assume, anomaly, level) => {
      const report = judge(await readHistory(join(corpus, 'elle', file)), assume)
      expect(report.transactions?.anomalies).toHaveProperty([anomaly])
      expect(resultOf(report, level)).toBe('violated')
    },
  )

  test("Elle's history rw-register-cyclic-versions-bug-test-01 is strictly serializable", async () => {
    const report = judge(await readHistory(join(corpus, 'elle/rw-register-cyclic-versions-bug-test-01.edn')))
    expect(resultOf(report, 'strict-serializable')).toBe('met')
  })
})
