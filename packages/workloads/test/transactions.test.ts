import { verdictOf } from '@chaosproxy/checker'
import { createRandom } from '@chaosproxy/faults'
import type { Completion, Input, Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { findWorkload, levelFor, settingsFor } from '../src/index.ts'
import { judged, play } from './play.ts'

const workload = findWorkload('txn-list-append')!
const STRICT = 'strict-serializable'

type Step = readonly [f: string, key: string, element: Json]

/** Lists that carry out each transaction at once. `loses`: whether it forgets an append, by the number of the append. */
function lists(loses: (append: number) => boolean = () => false): (input: Input) => Completion {
  const held = new Map<string, Json[]>()
  let appends = 0
  return ({ value }) => {
    const done = (value as unknown as readonly Step[]).map(([f, key, element]): Json => {
      const list = held.get(key) ?? []
      held.set(key, list)
      if (f === 'r') return [f, key, [...list]]
      appends += 1
      if (!loses(appends)) list.push(element)
      return [f, key, element]
    })
    return { type: 'ok', value: done }
  }
}

const chosen = { seed: 1, clients: 5, operations: 150, unknown: 0.02, settings: { keys: 2 } }

describe('transactions that append to lists', () => {
  test('are strictly serializable on lists that carry out each of them at once', () => {
    for (let seed = 0; seed < 10; seed++) {
      const report = judged(workload, play(workload, lists(), { ...chosen, seed }))
      expect(verdictOf(report, STRICT).result).toBe('met')
    }
  })

  test('show that an append was lost', () => {
    const report = judged(
      workload,
      play(
        workload,
        lists((append) => append % 20 === 0),
        chosen,
      ),
    )
    expect(verdictOf(report, STRICT).result).toBe('violated')
  })

  test('are the same from the same seed, and repeat no value of the run they continue', () => {
    const asked = (serial: number, count: number): readonly Input[] => {
      const client = workload.create(settingsFor(workload), serial).client(createRandom(7), 1)
      return Array.from({ length: count }, () => client.next())
    }
    const appended = (inputs: readonly Input[]): readonly Json[] =>
      inputs.flatMap(({ value }) =>
        (value as unknown as readonly Step[]).flatMap(([f, , element]) => (f === 'append' ? [element] : [])),
      )
    expect(asked(0, 50)).toEqual(asked(0, 50))
    const before = new Set(appended(asked(0, 200)))
    expect(appended(asked(200, 200)).filter((element) => before.has(element))).toEqual([])
  })

  test('prove nothing if none succeeds, or none reads an element', () => {
    expect(workload.vacuous(play(workload, lists(), chosen))).toEqual([])
    const refused = play(workload, () => ({ type: 'fail', error: 'unavailable' }), chosen)
    expect(workload.vacuous(refused)).toEqual(['no transaction succeeded', 'no transaction read an element'])
  })

  test('are held to strict serializability where a target promises linearizability', () => {
    expect(levelFor(workload, 'linearizable')).toBe(STRICT)
    expect(levelFor(workload, 'causal')).toBe('causal')
    expect(levelFor(findWorkload('register')!, 'linearizable')).toBe('linearizable')
  })
})
