import type { EventInput, Json } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { isObjectLinearizable } from '../brute-objects.ts'
import { checkHistory } from '../checking.ts'
import { atLeast, many, manyOf } from '../many.ts'
import { kinds, randomObjectEvents } from '../random-objects.ts'

interface SummedOperation {
  readonly f: string
  readonly value: Json
}

const completed = (process: number, { f, value }: SummedOperation, output: Json): EventInput[] => [
  { process, type: 'invoke', f, value },
  { process, type: 'ok', f, value: output },
]
const read = (process: number, output: Json) => completed(process, { f: 'read', value: null }, output)
/** Sixty unanswered operations. They have far more orders than a search can try. */
const unanswered = (ask: (n: number) => SummedOperation): EventInput[] =>
  Array.from({ length: 60 }, (_, n) => ({ process: 100 + n, type: 'invoke', ...ask(n) }))

const ACCOUNTS = ['a', 'b', 'c'] as const
const transfers = unanswered((n) => ({
  f: 'transfer',
  value: { from: ACCOUNTS[n % 3]!, to: ACCOUNTS[(n + 1) % 3]!, amount: 1 + (n % 4) },
}))
const OPENING = { a: 40, b: 40, c: 40 }
const additions = unanswered((n) => ({ f: 'add', value: 1 + n ** 2 }))

const judged = (model: 'bank' | 'counter', events: readonly EventInput[], initial: Json) =>
  checkHistory(smallHistory(events), {
    model,
    initial,
    levels: ['linearizable'],
  }).levels.linearizable

test.each<[string, 'bank' | 'counter', EventInput[], Json, number]>([
  [
    'shows a sum of all balances that transfers cannot make',
    'bank',
    [...transfers, ...read(0, { a: 41, b: 40, c: 41 })],
    OPENING,
    1,
  ],
  [
    'shows more on an account than was ever on its way to it',
    'bank',
    [...transfers, ...read(0, { a: 120, b: 0, c: 0 })],
    OPENING,
    1,
  ],
  [
    'shows fractions of a unit that transfers cannot make',
    'bank',
    [...transfers, ...read(0, { a: 40.5, b: 40, c: 40 })],
    OPENING,
    1,
  ],
  [
    'shows less than was deposited and acknowledged',
    'bank',
    [...transfers, ...completed(1, { f: 'deposit', value: { account: 'a', amount: 900 } }, null), ...read(0, OPENING)],
    OPENING,
    2,
  ],
  [
    'shows another sum than an earlier read',
    'bank',
    [...read(0, OPENING), ...transfers, ...read(1, { a: 41, b: 40, c: 41 })],
    'unknown',
    2,
  ],
  ['is a million too high', 'counter', [...additions, ...read(0, 1_000_000)], 0, 1],
  [
    'is below what was acknowledged',
    'counter',
    [...additions, ...completed(1, { f: 'add', value: 7 }, 7), ...read(0, 6)],
    0,
    2,
  ],
  [
    'is a million higher than an earlier read',
    'counter',
    [...read(0, 5), ...additions, ...read(1, 1_000_005)],
    'unknown',
    2,
  ],
])('check finds a violation despite 60 unanswered changes if a read %s', (_, model, events, initial, operations) => {
  const verdict = judged(model, events, initial)
  expect(verdict.result).toBe('violated')
  if (verdict.result === 'violated') expect(verdict.counterexample.operations).toHaveLength(operations)
})

test.each<[string, 'bank' | 'counter', EventInput[], Json]>([
  [
    'a bank, if a read shows some of the transfers',
    'bank',
    [...transfers.slice(0, 6), ...read(0, { a: 39, b: 41, c: 40 })],
    OPENING,
  ],
  [
    'a bank after a withdrawal',
    'bank',
    [...completed(1, { f: 'withdraw', value: { account: 'a', amount: 5 } }, null), ...read(0, { a: 35, b: 40, c: 40 })],
    OPENING,
  ],
  [
    'a bank of fractions',
    'bank',
    [
      ...completed(1, { f: 'deposit', value: { account: 'a', amount: 0.1 } }, null),
      ...completed(1, { f: 'deposit', value: { account: 'a', amount: 0.2 } }, null),
      ...read(0, { a: 0.3 }),
    ],
    {},
  ],
  [
    'a bank whose transfer is sent again by its id',
    'bank',
    [
      ...completed(1, { f: 'transfer', value: { from: 'a', to: 'b', amount: 5, id: 'x' } }, null),
      ...completed(2, { f: 'transfer', value: { from: 'a', to: 'b', amount: 5, id: 'x' } }, null),
      ...read(0, { a: 35, b: 45, c: 40 }),
    ],
    OPENING,
  ],
  [
    'a bank whose transfer may have been made before the record began',
    'bank',
    [
      ...read(0, OPENING),
      ...completed(1, { f: 'transfer', value: { from: 'a', to: 'b', amount: 5, id: 'x' } }, null),
      ...read(0, OPENING),
    ],
    'unknown',
  ],
  [
    'a counter that is read while something is added',
    'counter',
    [
      { process: 1, type: 'invoke', f: 'add', value: 5 },
      ...read(0, 5),
      ...read(2, 5),
      { process: 1, type: 'ok', f: 'add', value: 5 },
    ],
    0,
  ],
  [
    'a counter from an unknown start',
    'counter',
    [...read(0, 7), ...completed(1, { f: 'add', value: 5 }, 5), ...read(0, 12)],
    'unknown',
  ],
])('check finds linearizability met by %s', (_, model, events, initial) => {
  expect(judged(model, events, initial).result).toBe('met')
})

test.each(['bank', 'counter'] as const)(
  `a check of a %s by its sums agrees with a search for an order, in ${manyOf(4_000)} histories with wrong amounts`,
  (model) => {
    const random = randomFrom(inject('seed'))
    const share = { met: 0, violated: 0 }
    for (let trial = 0; trial < many(4_000); trial++) {
      const events = randomObjectEvents(
        kinds[model]!(random, true),
        { processes: 3, operations: 6, unknown: 0.3, failed: 0, mutated: trial % 2 === 0 ? 0.1 : 0 },
        random,
      )
      const history = smallHistory(events)
      const isMet = isObjectLinearizable(model, history)
      share[isMet ? 'met' : 'violated']++
      expect({ trial, result: judged(model, events, model === 'bank' ? { a: 3, b: 0 } : null).result }).toEqual({
        trial,
        result: isMet ? 'met' : 'violated',
      })
    }
    expect(share.met).toBeGreaterThan(atLeast(400))
    expect(share.violated).toBeGreaterThan(atLeast(200))
  },
)
