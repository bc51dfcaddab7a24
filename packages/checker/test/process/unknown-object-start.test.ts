import type { ModelName } from '@chaosproxy/checker'
import type { EventInput, Json } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { isObjectLinearizable } from '../brute-objects.ts'
import { checkHistory, onlyRows, resultOf } from '../checking.ts'
import { many } from '../many.ts'
import { objectStarts, withoutFirst } from '../object-starts.ts'
import { kinds, randomObjectEvents } from '../random-objects.ts'
import { modelNames } from '../registry.ts'

// Tests that the verdicts on objects with unknown initial values agree with a search over every initial value. The seed
// changes with each run; a failure reports it.

const baseSeed = inject('seed')
// The number of histories for each object. Kept low, because the first test judges many objects.
const HISTORIES = many(1_600)

test.each(modelNames.filter((name) => name !== 'register' && name !== 'log'))(
  `verdicts on a %s with an unknown initial value agree with a search over every initial value (seed ${baseSeed})`,
  (model) => {
    const results = { met: 0, violated: 0, unknown: 0 }
    for (let n = 0; n < HISTORIES; n++) {
      const random = randomFrom(baseSeed + n)
      const shape = {
        processes: 2 + Math.floor(random() * 3),
        operations: 4 + Math.floor(random() * 7),
        unknown: random() < 0.4 ? 0.2 : 0,
        failed: random() < 0.3 ? 0.15 : 0,
        mutated: random() < 0.5 ? 0.25 : 0,
      }
      const all = randomObjectEvents(kinds[model]!(random), shape, random)
      const events = withoutFirst(all, Math.floor(random() * Math.min(all.length, 10)))
      // Skips empty histories, because an empty history proves nothing.
      if (events.length === 0) continue
      const history = smallHistory(events)
      const truth = objectStarts[model]!(events).some((start) => isObjectLinearizable(model, history, undefined, start))
      const { levels } = checkHistory(history, { model, initial: 'unknown', levels: ['linearizable'] })
      const verdict = levels.linearizable
      results[verdict.result]++
      const name = `seed ${baseSeed + n}\n${events.map((event) => JSON.stringify(event)).join('\n')}\n`
      expect(verdict.result, name).toBe(truth ? 'met' : 'violated')
      if (verdict.result !== 'violated') continue
      const rows = verdict.counterexample.operations.map(({ operation }) => operation)
      const alone = smallHistory(onlyRows(events, history, rows))
      const again = checkHistory(alone, { model, initial: 'unknown', levels: ['linearizable'] })
      expect(resultOf(again, 'linearizable'), `${name}${verdict.counterexample.sentence}`).toBe('violated')
    }
    if (model !== 'unique-ids') expect(Math.min(results.met, results.violated)).toBeGreaterThan(HISTORIES / 100)
  },
)

test(`a log with unknown initial entries is linearizable if some initial entries explain its history (seed ${baseSeed})`, () => {
  let explained = 0
  for (let n = 0; n < HISTORIES; n++) {
    const random = randomFrom(baseSeed + n)
    const shape = { processes: 3, operations: 6, unknown: 0.1, failed: 0, mutated: random() < 0.5 ? 0.2 : 0 }
    const all = randomObjectEvents(kinds['log']!(random), shape, random)
    const events = withoutFirst(all, Math.floor(random() * 10))
    if (events.length === 0) continue
    const reads = events.flatMap(({ type, f, value }) => (type === 'ok' && f === 'read' ? [value as Json[]] : []))
    const valueIn = (entry: Json): Json => (Array.isArray(entry) ? entry[1]! : entry)
    // Initial entries, added to the history as if they had been appended first.
    const starts = [[], ...reads.flatMap((read) => read.map((_, at) => read.slice(0, at + 1).map(valueIn)))]
    const isExplained = starts.some((start) => {
      const before = start.flatMap((value, at): EventInput[] => [
        { process: -1 - at, type: 'invoke', f: 'append', value },
        { process: -1 - at, type: 'ok', f: 'append' },
      ])
      return isObjectLinearizable('log', smallHistory([...before, ...events]))
    })
    if (!isExplained) continue
    explained++
    const report = checkHistory(smallHistory(events), { model: 'log', initial: 'unknown', levels: ['linearizable'] })
    expect(
      resultOf(report, 'linearizable'),
      `seed ${baseSeed + n}\n${events.map((e) => JSON.stringify(e)).join('\n')}`,
    ).toBe('met')
  }
  expect(explained).toBeGreaterThan(HISTORIES / 20)
})

type Call = readonly [f: string, value: Json, result: Json]

/** Operations one after another, each by a separate process. */
const inTurn = (calls: readonly Call[]): EventInput[] =>
  calls.flatMap(([f, value, result], process): EventInput[] => [
    { process, type: 'invoke', f, value },
    { process, type: 'ok', f, value: result },
  ])

test.each<readonly [model: ModelName, what: string, verdict: 'met' | 'violated', calls: readonly Call[]]>([
  [
    'queue',
    'an initial message is dequeued before an enqueued message',
    'met',
    [
      ['enqueue', 1, 1],
      ['dequeue', null, 9],
      ['dequeue', null, 1],
    ],
  ],
  [
    'queue',
    'an initial message is dequeued after an enqueued message',
    'violated',
    [
      ['enqueue', 1, 1],
      ['dequeue', null, 1],
      ['dequeue', null, 9],
      ['dequeue', null, null],
    ],
  ],
  [
    'set',
    'a read returns an element until it is removed',
    'met',
    [
      ['read', null, [1]],
      ['remove', 1, 1],
      ['read', null, []],
    ],
  ],
  [
    'set',
    'a read returns an element after it was removed',
    'violated',
    [
      ['remove', 1, 1],
      ['read', null, [1]],
    ],
  ],
  [
    'set',
    'a read returns an element that was not found',
    'violated',
    [
      ['contains', 1, false],
      ['read', null, [1]],
      ['remove', 2, 2],
    ],
  ],
])('in a history of a %s with an unknown initial value, %s: linearizability is %s', (model, _, verdict, calls) => {
  const report = checkHistory(smallHistory(inTurn(calls)), { model, initial: 'unknown', levels: ['linearizable'] })
  expect(resultOf(report, 'linearizable')).toBe(verdict)
})

test('check refutes a set with an unknown initial value even if a contains operation overlaps a read', () => {
  const calls: readonly (readonly [process: number, type: 'invoke' | 'ok', f: string, value: Json])[] = [
    [1, 'invoke', 'remove', 0],
    [0, 'invoke', 'add', 0],
    [1, 'ok', 'remove', 0],
    [0, 'ok', 'add', 0],
    [3, 'invoke', 'contains', 0],
    [2, 'invoke', 'read', null],
    [2, 'ok', 'read', []],
    [3, 'ok', 'contains', true],
  ]
  const history = smallHistory(calls.map(([process, type, f, value]) => ({ process, type, f, value })))
  const { levels } = checkHistory(history, { model: 'set', initial: 'unknown', levels: ['linearizable'] })
  expect(levels.linearizable.result).toBe('violated')
})

test('check refutes a bank with unknown initial balances even if a read overlaps a transfer', () => {
  const calls: readonly (readonly [process: number, type: 'invoke' | 'ok', f: string, value: Json])[] = [
    [1, 'invoke', 'transfer', { from: 'b', to: 'a', amount: 2, id: 0 }],
    [1, 'ok', 'transfer', { from: 'b', to: 'a', amount: 2, id: 0 }],
    [1, 'invoke', 'read', null],
    [0, 'invoke', 'transfer', { from: 'a', to: 'b', amount: 2, id: 0 }],
    [1, 'ok', 'read', { a: 2, b: 1 }],
    [1, 'invoke', 'read', null],
    [0, 'ok', 'transfer', { from: 'a', to: 'b', amount: 2, id: 0 }],
    [0, 'invoke', 'read', null],
    [1, 'ok', 'read', { a: 2, b: 1 }],
    [1, 'invoke', 'read', null],
    [0, 'ok', 'read', { a: 1, b: 2 }],
    [1, 'ok', 'read', { a: 3, b: 1 }],
  ]
  const history = smallHistory(calls.map(([process, type, f, value]) => ({ process, type, f, value })))
  const { levels } = checkHistory(history, { model: 'bank', initial: 'unknown', levels: ['linearizable'] })
  expect(levels.linearizable.result).toBe('violated')
})

/** A small random bank whose first operations were not recorded. Its history is often wrong. */
function bankBegunBefore(seed: number): readonly EventInput[] {
  const random = randomFrom(seed)
  const shape = { processes: 3, operations: 6, unknown: 0.1, failed: 0, mutated: random() < 0.5 ? 0.25 : 0 }
  return withoutFirst(randomObjectEvents(kinds['bank']!(random), shape, random), Math.floor(random() * 6))
}

const explainsBank = (events: readonly EventInput[]): boolean =>
  objectStarts['bank']!(events).some((start) => isObjectLinearizable('bank', smallHistory(events), undefined, start))

const judgedBank = (events: readonly EventInput[]) =>
  checkHistory(smallHistory(events), { model: 'bank', initial: 'unknown', levels: ['linearizable'] }).levels
    .linearizable

test(`null in a read of a bank counts as a balance of 0, also if the initial balances are unknown (seed ${baseSeed})`, () => {
  const results = { met: 0, violated: 0, unknown: 0 }
  for (let n = 0; n < HISTORIES / 2; n++) {
    const events = bankBegunBefore(baseSeed + n)
    const withNull = events.map((event) => {
      if (event.type !== 'ok' || event.f !== 'read') return event
      const balances = Object.entries(event.value as object).map(([account, each]) => [
        account,
        each === 0 ? null : each,
      ])
      return { ...event, value: Object.fromEntries(balances) as Json }
    })
    if (JSON.stringify(withNull) === JSON.stringify(events)) continue
    const { result } = judgedBank(withNull)
    results[result]++
    const name = `seed ${baseSeed + n}\n${withNull.map((event) => JSON.stringify(event)).join('\n')}`
    expect(result, name).toBe(explainsBank(events) ? 'met' : 'violated')
  }
  expect(Math.min(results.met, results.violated)).toBeGreaterThan(HISTORIES / 200)
})

test(`two banks with the same accounts may begin with different unknown balances (seed ${baseSeed})`, () => {
  const results = { met: 0, violated: 0, unknown: 0 }
  for (let n = 0; n < HISTORIES / 4; n++) {
    const banks = { x: bankBegunBefore(baseSeed + 2 * n), y: bankBegunBefore(baseSeed + 2 * n + 1) }
    const keyed = Object.entries(banks).map(([key, events], at) =>
      events.map((event) => ({ ...event, process: `${key}${event.process}`, key, at: 2 * events.indexOf(event) + at })),
    )
    const events = keyed
      .flat()
      .sort((one, other) => one.at - other.at)
      .map(({ at: _, ...event }) => event)
    if (events.length === 0) continue
    const wrong = Object.entries(banks).flatMap(([key, each]) => (each.length === 0 || explainsBank(each) ? [] : [key]))
    const verdict = judgedBank(events)
    results[verdict.result]++
    const name = `seeds ${baseSeed + 2 * n} and after\n${events.map((event) => JSON.stringify(event)).join('\n')}`
    expect(verdict.result, name).toBe(wrong.length === 0 ? 'met' : 'violated')
    if (verdict.result === 'violated') expect(wrong, name).toContain(verdict.counterexample.keys.join())
  }
  expect(Math.min(results.met, results.violated)).toBeGreaterThan(HISTORIES / 200)
})
