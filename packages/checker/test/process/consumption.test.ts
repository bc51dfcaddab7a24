import type { EventInput } from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { isLinearizable } from '../brute-force.ts'
import { checkHistory, resultOf } from '../checking.ts'
import { many } from '../many.ts'

// Counting finds a value that was removed more often than it was present, however many operations overlap.

type ScriptedOperation = readonly [f: string, value: unknown, type?: 'ok' | 'info' | 'fail']

/** Operations that all overlap. */
const overlapping = (...operations: readonly ScriptedOperation[]): EventInput[] => [
  ...operations.map(([f, value], process): EventInput => ({ process, type: 'invoke', f, value: value as never })),
  ...operations.map(([f, value, type = 'ok'], process): EventInput => ({ process, type, f, value: value as never })),
]

/** Forty operations that are legal in every order: writes, and cas of unknown outcome, which may have had no effect. */
const crowd: readonly ScriptedOperation[] = Array.from({ length: 40 }, (_, n) =>
  n % 3 === 0 ? ['cas', [n % 5, (n + 1) % 5], 'info'] : ['write', n % 5],
)

const check = (events: readonly EventInput[], initial: unknown = null) => {
  const report = checkHistory(smallHistory(events), {
    initial: initial as never,
    levels: ['linearizable', 'sequential'],
    deadlineMs: 5_000 as never,
  })
  const { linearizable, sequential } = report.levels
  const coreSize = linearizable.result === 'violated' ? linearizable.counterexample.operations.length : 0
  return { linearizable: linearizable.result, sequential: sequential.result, coreSize }
}

describe('the limit on how many cas replace one value', () => {
  test('two cas that replace the same value are a violation if it was written once, even among forty other operations', () => {
    const twice: ScriptedOperation[] = [
      ['write', 77],
      ['cas', [77, 1]],
      ['cas', [77, 2]],
    ]
    expect(check(overlapping(...crowd, ...twice))).toEqual({
      linearizable: 'violated',
      sequential: 'violated',
      coreSize: 3,
    })
    expect(check(overlapping(...twice))).toMatchObject({ linearizable: 'violated', coreSize: 3 })
  })

  test('cas may replace a value once for each write of it, and once more if it is the initial value', () => {
    const three: ScriptedOperation[] = [
      ['write', 77, 'info'],
      ['cas', [1, 77]],
      ['cas', [77, 1]],
      ['cas', [77, 2]],
      ['cas', [77, 3]],
    ]
    expect(check(overlapping(...crowd, ...three))).toMatchObject({ linearizable: 'violated', sequential: 'violated' })
    expect(check(overlapping(...three), 77).linearizable).not.toBe('violated')
    expect(check(overlapping(...three, ['write', 77]), 1).linearizable).not.toBe('violated')
  })

  test('two cas that expect one value are not linearizable if one of the two writes of that value failed', () => {
    const failed: ScriptedOperation[] = [
      ['write', 77, 'fail'],
      ['write', 77],
      ['cas', [77, 1]],
      ['cas', [77, 2]],
    ]
    expect(check(overlapping(...crowd, ...failed)).linearizable).toBe('violated')
  })

  test('three cas that expect one value are not linearizable if all but one of its writes were overwritten before them', () => {
    const before = Array.from({ length: 10 }, (_, n): EventInput[] => [
      { process: 900 + n, type: 'invoke', f: 'write', value: n % 2 === 0 ? 77 : 5 },
      { process: 900 + n, type: 'ok', f: 'write', value: n % 2 === 0 ? 77 : 5 },
    ]).flat()
    const now: ScriptedOperation[] = [
      ['write', 77],
      ['cas', [77, 1]],
      ['cas', [77, 2]],
      ['cas', [77, 3]],
    ]
    expect(check([...before, ...overlapping(...crowd, ...now)]).linearizable).toBe('violated')
  })
})

test('check refutes a read of a value that was written once and was replaced before the read', () => {
  const events: EventInput[] = [
    ...overlapping(...crowd, ['write', 77], ['cas', [77, 1]]),
    { process: 99, type: 'invoke', f: 'read', value: null },
    { process: 99, type: 'ok', f: 'read', value: 77 },
  ]
  expect(check(events).linearizable).toBe('violated')
})

test(`check agrees with the definition of linearizability on small random histories with many cas (seed ${inject('seed')})`, () => {
  const found = { met: 0, violated: 0 }
  for (let n = 0; n < many(20_000); n++) {
    const random = randomFrom(inject('seed') + n)
    const below = (limit: number): number => Math.floor(random() * limit)
    const events: EventInput[] = []
    const open = new Map<number, EventInput>()
    let next = 4
    let processes = [0, 1, 2, 3]
    for (let made = 0; made < 9 || open.size > 0; ) {
      const process = processes[below(processes.length)] ?? 0
      const pending = open.get(process)
      if (pending === undefined) {
        if (made++ >= 9) continue
        const f = ['read', 'write', 'cas', 'cas'][below(4)] ?? 'cas'
        const value = f === 'read' ? null : f === 'write' ? below(3) : [below(3), below(3)]
        const event: EventInput = { process, type: 'invoke', f, value }
        open.set(process, event)
        events.push(event)
        continue
      }
      open.delete(process)
      const type = random() < 0.15 ? 'info' : 'ok'
      events.push({ ...pending, type, ...(pending.f === 'read' && type === 'ok' ? { value: below(3) } : {}) })
      if (type === 'info') processes = processes.map((each) => (each === process ? next++ : each))
    }
    const history = smallHistory(events)
    const truth = isLinearizable(history, { initial: 0, failedCas: 'drop' }) ? 'met' : 'violated'
    found[truth]++
    const report = checkHistory(history, { initial: 0, levels: ['linearizable'] })
    expect(resultOf(report, 'linearizable'), events.map((e) => JSON.stringify(e)).join('\n')).toBe(truth)
  }
  expect(Math.min(found.met, found.violated)).toBeGreaterThan(many(20_000) / 50)
})
