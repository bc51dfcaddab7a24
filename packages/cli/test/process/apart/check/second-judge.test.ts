import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ModelEntry, models, type Report, type Verdict } from '@chaosproxy/checker'
import { FAIL, type History, inputOf, type Json, OK, outputOf } from '@chaosproxy/history'
import { type Workload, workloads } from '@chaosproxy/workloads'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { followsFrom } from '../../../../../checker/src/judge/headline.ts'
import { chaosHere, temporaryDirectory } from '../../../../../testing/src/chaos.ts'

type Isolation = 'serializable' | 'read-committed'
type Micro = readonly [f: string, key: string, value: Json]

/** A judge with its own levels. It is the smallest judge that finds a read of a failed transaction's write. */
const isolation: ModelEntry<Isolation> = {
  name: 'tiny-transactions',
  aliases: [],
  summary: 'transactions, judged by what only this test can tell',
  functions: ['txn'],
  knows: (f) => f === 'txn',
  levels: ['serializable', 'read-committed'],
  needs: [{ what: 'transaction', functions: ['txn'] }],
  record: { mayLackInput: [], mayBeTaken: false },
  judge: {
    ladder: {
      levels: ['serializable', 'read-committed'],
      implied: { serializable: ['read-committed'], 'read-committed': [] },
      apart: [],
      realTime: [],
      lasting: [],
    },
    sharesKeys: false,
    check(history, { name }): Report<Isolation> {
      const levels = followsFrom(isolation.judge.ladder, { 'read-committed': readCommitted(history) }, () => ({
        kind: 'unasked',
        text: 'not tried',
      }))
      return {
        model: name,
        levels,
        headline: isolation.judge.headline(levels, undefined),
        info: { total: 0 },
        lost: [],
      }
    },
    headline: (verdicts) =>
      verdicts['read-committed'].result === 'met' ? 'read committed' : 'not even read committed',
  },
}

function readCommitted(history: History): Verdict {
  const { length, outcome } = history.operations
  const rows = Array.from({ length }, (_, row) => row)
  const aborted = new Map(
    rows
      .filter((row) => outcome[row] === FAIL)
      .flatMap((row) => (inputOf(history, row) as unknown as Micro[]).map(([, , value]) => [value, row] as const)),
  )
  for (const row of rows.filter((each) => outcome[each] === OK)) {
    for (const [f, , list] of outputOf(history, row) as unknown as Micro[]) {
      const seen = f === 'r' && Array.isArray(list) ? list.find((value) => aborted.has(value)) : undefined
      if (seen === undefined) continue
      const writer = aborted.get(seen) ?? 0
      const operations = [writer, row].map((operation) => ({ operation, role: 'core' as const }))
      const sentence = `A transaction read ${JSON.stringify(seen)}, which another one wrote that failed.`
      return {
        result: 'violated',
        counterexample: { level: 'read-committed', sentence, operations, keys: [], culprit: row },
      }
    }
  }
  return { result: 'met', witness: { kind: 'checked' } }
}

const transactions: Workload = {
  name: 'tiny-transactions',
  summary: 'transactions over two lists',
  model: 'tiny-transactions',
  initial: null,
  levels: ['serializable', 'read-committed'],
  object: 'transactions',
  functions: ['txn'],
  reads: [],
  settings: [],
  create(_, serial) {
    let last = serial
    return {
      client: () => ({
        next: () => ({
          f: 'txn',
          value: [
            ['append', 'x', ++last],
            ['r', 'y', null],
          ],
        }),
      }),
    }
  },
  finale: () => [],
  vacuous: () => [],
}

const registered = models as unknown as ModelEntry<Isolation>[]
beforeAll(() => {
  registered.push(isolation)
  ;(workloads as Workload[]).push(transactions)
})
afterAll(() => {
  registered.pop()
  ;(workloads as Workload[]).pop()
})

const txn = (process: number, type: string, value: readonly Micro[]) => ({ process, type, f: 'txn', value })

function historyOf(...events: readonly object[]): string {
  const file = join(temporaryDirectory(), 'history.jsonl')
  writeFileSync(file, events.map((event) => JSON.stringify(event)).join('\n'))
  return file
}

/** A transaction that fails, and another transaction that reads its append. */
const abortedRead = () =>
  historyOf(
    txn(0, 'invoke', [['append', 'x', 1]]),
    txn(1, 'invoke', [['r', 'x', null]]),
    txn(0, 'fail', [['append', 'x', 1]]),
    txn(1, 'ok', [['r', 'x', [1]]]),
  )

describe('a checker with its own levels', () => {
  test('a custom checker gives a verdict for each level, in the order of the levels, with the counterexample', async () => {
    const { stdout, exitCode } = await chaosHere(['check', abortedRead(), '--model', 'tiny-transactions', '--json'])
    const { levels, headline } = JSON.parse(stdout)
    expect(Object.keys(levels)).toEqual(['serializable', 'read-committed'])
    expect(levels['read-committed']).toMatchObject({ result: 'violated', counterexample: { operations: [{}, {}] } })
    expect(levels['serializable'].result).toBe('violated')
    expect(headline).toBe('not even read committed')
    expect(exitCode).toBe(0)
  })

  test('the level descriptions of a custom checker are shown in the terminal and on the page', async () => {
    const file = abortedRead()
    const report = join(temporaryDirectory(), 'report.html')
    const { stdout } = await chaosHere(['check', file, '--model', 'tiny-transactions', '--out', report])
    expect(stdout).toContain('NOT SERIALIZABLE')
    expect(stdout).toContain('which another one wrote that failed')
    expect(stdout).not.toContain('linearizable')
    const page = readFileSync(report, 'utf8')
    expect(page).toContain('Read committed')
    expect(page).not.toContain('Linearizable')
  })

  test('--expect accepts only the levels of the checker in use', async () => {
    const file = abortedRead()
    const check = (...args: readonly string[]) => chaosHere(['check', file, '--model', 'tiny-transactions', ...args])
    expect((await check('--expect', 'read-committed')).exitCode).toBe(1)
    expect(await check('--expect', 'linearizable')).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('does not have that level. It has serializable, read-committed.'),
    })
    expect((await chaosHere(['check', file, '--model', 'register', '--expect', 'read-committed'])).stderr).toContain(
      'the register model does not have that level',
    )
    expect((await check('--expect', 'read-comitted')).stderr).toContain('Did you mean read-committed?')
  })

  test('a run with a custom checker is judged by the expected level of that checker', async () => {
    const args = ['run', '--sim', '--seed', '1', '--time', '1s', '--faults', 'none', '--workload', 'tiny-transactions']
    const run = (...more: readonly string[]) => chaosHere([...args, ...more, '--json', '--out', temporaryDirectory()])
    const { stdout, stderr, exitCode } = await run('--expect', 'read-committed')
    expect(stderr).toBe('')
    expect(exitCode).toBe(0)
    expect(Object.keys(JSON.parse(stdout).levels)).toEqual(['serializable', 'read-committed'])
    expect((await run('--expect', 'linearizable')).stderr).toContain('It can check: serializable, read-committed')
    const { stderr: refused } = await chaosHere(['run', '--sim', '--target', 'raft', '--expect', 'serializable'])
    expect(refused).toContain('Workloads that can: txn-list-append, txn-rw-register')
  })
})
