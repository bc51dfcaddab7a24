import { verdictOf } from '@chaosproxy/checker'
import { createRandom } from '@chaosproxy/faults'
import type { Completion, Input, Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { findWorkload, keysIn, levelFor, settingsFor, workloads } from '../../src/index.ts'
import { judged, play } from '../play.ts'

const STRICT = 'strict-serializable'

type Step = readonly [f: string, key: string, given: Json]

/** Cells that execute each transaction atomically. `loses` returns whether the change with this number is lost. */
function cells(loses: (change: number) => boolean = () => false): (input: Input) => Completion {
  const held = new Map<string, Json>()
  let changes = 0
  return ({ value }) => {
    const done = (value as unknown as readonly Step[]).map(([f, key, given]): Json => {
      if (f === 'r') return [f, key, held.get(key) ?? null]
      changes += 1
      if (!loses(changes)) held.set(key, f === 'w' ? given : [...((held.get(key) ?? []) as Json[]), given])
      return [f, key, given]
    })
    return { type: 'ok', value: done }
  }
}

const chosen = { seed: 1, clients: 5, operations: 150, unknown: 0.02, settings: { keys: 2 } }
const ofTransactions = workloads.filter(({ object }) => object === 'transactions')

describe.each(ofTransactions)('the workload $name', (workload) => {
  test('a workload of transactions is strictly serializable on cells that execute each transaction atomically', () => {
    for (let seed = 0; seed < 10; seed++) {
      const report = judged(workload, play(workload, cells(), { ...chosen, seed }))
      expect(verdictOf(report, STRICT).result).toBe('met')
    }
  })

  test('a workload of transactions violates strict serializability if a change was lost', () => {
    const loses = (change: number): boolean => change % 20 === 0
    const report = judged(workload, play(workload, cells(loses), chosen))
    expect(verdictOf(report, STRICT).result).toBe('violated')
  })

  test('a workload of transactions reads every key once at the end of a run', () => {
    const keys = Array.from({ length: 45 }, (_, i) => `k${i}`)
    expect(workload.finale(keys).flatMap(keysIn)).toEqual(keys)
    const history = play(workload, cells(), { ...chosen, operations: 3 })
    expect(history.operations.length).toBeGreaterThan(3)
  })

  test('a workload of transactions repeats its operations with the same seed, and writes each value only once', () => {
    const requests = (serial: number, count: number): readonly Input[] => {
      const client = workload.create(settingsFor(workload), serial).client(createRandom(7), 1)
      return Array.from({ length: count }, () => client.next())
    }
    const written = (inputs: readonly Input[]): readonly Json[] =>
      inputs.flatMap(({ value }) =>
        (value as unknown as readonly Step[]).flatMap(([f, , given]) => (f === 'r' ? [] : [given])),
      )
    expect(requests(0, 50)).toEqual(requests(0, 50))
    const before = new Set(written(requests(0, 200)))
    expect(before.size).toBe(written(requests(0, 200)).length)
    expect(written(requests(200, 200)).filter((value) => before.has(value))).toEqual([])
  })

  test('a workload of transactions has no evidence if no transaction succeeds', () => {
    expect(workload.vacuous(play(workload, cells(), chosen))).toEqual([])
    const refused = play(workload, () => ({ type: 'fail', error: 'unavailable' }), chosen)
    expect(workload.vacuous(refused)).toEqual([
      expect.stringMatching(/^no transaction succeeded \(\d+ of \d+: unavailable/),
      'no transaction read what another wrote',
    ])
  })

  test('a workload of transactions is checked at strict-serializable if the target promises linearizable', () => {
    expect(levelFor(workload, 'linearizable')).toBe(STRICT)
    expect(levelFor(workload, 'causal')).toBe('causal')
  })
})

test('the workload register is checked at linearizable if the target promises linearizable', () => {
  expect(levelFor(findWorkload('register')!, 'linearizable')).toBe('linearizable')
})

test('keysIn returns the key of an operation, and the keys of all steps of a transaction', () => {
  expect(keysIn({ f: 'read', key: 'x', value: null })).toEqual(['x'])
  expect(
    keysIn({
      f: 'txn',
      value: [
        ['r', 'x', null],
        ['w', 'y', 1],
      ],
    }),
  ).toEqual(['x', 'y'])
  // In the workload `watch`, the value of a `txn` is an object of changes instead of a list of steps.
  expect(keysIn({ f: 'txn', value: { x: 1 } })).toEqual([])
})
