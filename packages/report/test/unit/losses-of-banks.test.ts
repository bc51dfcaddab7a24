import { check, levels } from '@chaosproxy/checker'
import { millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { type Made, made } from '../../../testing/src/timeline.ts'
import { factsOf } from '../../src/facts/facts.ts'
import { storyOf } from '../../src/facts/violation-words.ts'
import { reproach } from '../../src/moments.ts'
import { operationText } from '../../src/operation-words.ts'
import { judge, now, titleOf } from '../judge.ts'

// Tests what reports say about accounts and their totals.

test('the headline of a bank violation names the account that was overdrawn', () => {
  const transfer: Made = { p: 1, f: 'transfer', in: { from: 'a', to: 'b', amount: 8 }, from: 0, to: 5 }
  const read: Made = { p: 2, f: 'read', out: { a: -8, b: 8 }, from: 10, to: 15 }
  expect(titleOf([transfer, read], 'bank')).toBe('Account a was overdrawn by 8')
})

test('the headline of a bank violation names the account in the contradiction, not an account overdrawn later', () => {
  const transfer = (p: number, from: string, amount: number, at: number): Made => ({
    ...{ p, f: 'transfer', in: { from, to: 'z', amount }, from: at, to: at + 5, node: `n${p}` },
  })
  const history = made([
    transfer(1, 'b', 1, 0),
    transfer(2, 'c', 8, 10),
    transfer(3, 'c', 9, 11),
    { p: 4, f: 'read', out: { a: -3, b: 9, c: 2, z: 2 }, from: 50, to: 55 },
  ])
  const initial = { a: 10, b: 10, c: 10, z: 0 }
  const opened = { ...history, header: { ...history.header, chaos: 1, model: 'bank', initial } as never }
  const report = check(opened, {
    ...{ model: 'bank', initial, levels: ['linearizable'], failedCas: 'drop', memoryBytes: 1e9, now },
    deadlineMs: millis(60_000),
  } as never)
  const facts = factsOf({ history: opened, report })
  expect(facts.headline.title).toBe('Account c was overdrawn by 7')
  // Only the transfer from b had returned before the culprit began, and it cannot have overdrawn account c.
  if (facts.counterexample === undefined) throw new Error('nothing is overdrawn')
  expect(reproach(opened, facts.counterexample)).toBeUndefined()
})

describe('the report of a bank violation', () => {
  const transfer = (amount: number): Made => ({
    p: 1,
    f: 'transfer',
    in: { from: 'a', to: 'b', amount },
    from: 0,
    to: 5,
  })
  const read = (out: object): Made => ({ p: 2, f: 'read', out: out as never, from: 10, to: 15 })
  const judged = (operations: readonly Made[], initial: unknown) => {
    const history = made(operations)
    const report = check(history, {
      ...{ model: 'bank', initial, levels, failedCas: 'drop', deadlineMs: millis(60_000), memoryBytes: 1e9, now },
    } as never)
    const { headline, counterexample: shown } = factsOf({ history, report })
    return { title: headline.title, sentence: shown?.sentence ?? '' }
  }

  test('the report of a bank violation compares a read with the opening balances given to the checker', () => {
    const { title, sentence } = judged([transfer(4), read({ a: 30, b: 34 })], { a: 30, b: 30 })
    expect(title).toBe('4 too much appeared in the accounts')
    expect(sentence).toContain('The accounts opened with 60 in all, and this read shows 64: 4 more.')
    expect(judged([transfer(40), read({ a: -10, b: 70 })], { a: 30, b: 30 }).title).toBe(
      'Account a was overdrawn by 10',
    )
  })

  test('the report of a bank violation names an account that changed without a transfer, and the difference', () => {
    const first: Made = { ...read({ a: 30, b: 30 }), p: 3, from: 0, to: 1 }
    expect(judged([first, transfer(4), read({ a: 30, b: 30 })], { a: 30, b: 30 }).title).toBe(
      'p2 read 4 too much in account a',
    )
  })

  test.each([
    ['ok', 5, 'p2 read 16 too little in account a, as if a transfer was made 5 times'],
    ['fail', 1, 'p2 read 4 too little in account a, as if a transfer reported as failed was made'],
  ] as const)(
    'the report of a bank violation says how often a transfer with outcome %s was made',
    (type, times, said) => {
      const first: Made = { ...read({ a: 30, b: 30 }), p: 3, from: 0, to: 1 }
      const once: Made = { ...transfer(4), from: 2, type }
      const shown = read({ a: 30 - 4 * times, b: 30 + 4 * times })
      expect(judged([first, once, shown], { a: 30, b: 30 }).title).toBe(said)
      // Two transfers of one amount could explain the read, so none is named.
      expect(
        judged([first, once, { ...once, p: 4, from: 3, type: 'fail' }, shown], { a: 30, b: 30 }).title,
      ).not.toContain('as if')
    },
  )

  test('the report of a bank violation names an overdrawn account even if the opening balances are unknown', () => {
    expect(judged([transfer(40), read({ a: -10, b: 70 })], 'unknown').title).toBe('Account a was overdrawn by 10')
  })

  test('the report of a bank violation states that the accounts opened empty, and names the option --initial', () => {
    const { title, sentence } = judged([read({ a: 30, b: 30 }), { ...transfer(4), from: 20, to: 25 }], null)
    expect(title).toBe('Not linearizable')
    expect(sentence).toContain('All accounts are judged from the balance 0')
    expect(sentence).toContain(`--initial '{"a":30,"b":30}'`)
    expect(judged([transfer(40)], null).title).toBe('Not linearizable')
    // The first read does not show the opening balances, because a transfer came before it.
    expect(judged([transfer(4), read({ a: 26, b: 34 })], null).sentence).toContain(`--initial '{"a":30,"b":30}', as`)
    const meanwhile = { ...transfer(4), to: 12 }
    expect(judged([meanwhile, read({ a: 26, b: 34 })], null).sentence).toContain('or say --initial unknown')
    expect(judged([transfer(40), read({ a: -10, b: 70 })], null).title).toBe('Account a was overdrawn by 10')
  })

  test('the report of a bank violation shows fractions in a wrong total and in an overdraft', () => {
    expect(judged([read({ a: 30.01, b: 30 })], { a: 30, b: 30 }).title).toBe('0.01 too much appeared in the accounts')
    expect(judged([transfer(30.5)], { a: 30, b: 30 }).title).toBe('Account a was overdrawn by 0.5')
  })

  test('the report of a bank violation does not mention the total if there are deposits', () => {
    const deposit: Made = { p: 3, f: 'deposit', in: { account: 'a', amount: 7 }, from: 0, to: 5 }
    expect(judged([deposit, read({ a: 30, b: 30 })], { a: 30, b: 30 }).title).toBe('Not linearizable')
  })
})

test('the headline of a bank violation replaces a long explanation by the balances of one account', () => {
  const transfer = (p: number, to: string, amount: number): Made => ({
    ...{ p, f: 'transfer', in: { from: 'savings', to, amount }, from: p * 10, to: p * 10 + 5, node: `n${p}` },
  })
  const history = made([transfer(1, 'household', 70_000), transfer(2, 'holidays', 20_000), transfer(3, 'car', 30_000)])
  const initial = { savings: 100_000, household: 0, holidays: 0, car: 0 }
  const options = {
    model: 'bank',
    initial,
    levels,
    failedCas: 'drop',
    deadlineMs: millis(60_000),
    memoryBytes: 1e9,
    now,
  }
  const { counterexample: shown } = factsOf({ history, report: check(history, options as never) })
  if (shown === undefined) throw new Error('nothing is overdrawn')
  expect(storyOf(history, shown)).toBe(
    'Account savings opened with 100,000, received at most 0, and spent 120,000 in 3 acknowledged operations (70,000 at n1, 20,000 at n2, 30,000 at n3): that leaves -20,000.',
  )
  expect(operationText(history, 0, { withKey: true })).toBe('p1 transfer 70,000 savings→household → ok')
})

test('the headline of a bank violation states by how much the total is too high or too low', () => {
  const history = (out: object): readonly Made[] => [{ p: 1, f: 'read', out: out as never, from: 1, to: 2 }]
  const initial = { a: 50, b: 50 }
  const read = history({ a: 50, b: 20 })
  const recorded = { ...made(read), header: { chaos: 1 as const, model: 'bank', initial } }
  const found = check(recorded, {
    ...{ model: 'bank', initial, levels, failedCas: 'drop', deadlineMs: millis(60_000), memoryBytes: 1e9, now },
  } as never)
  expect(factsOf({ history: recorded, report: found }).headline.title).toBe('30 vanished from the accounts')
})

test('a long explanation of a bank violation ends with the impossible balance', () => {
  const transfer = (p: number, from: number, to: number): Made => ({
    ...{ p, f: 'transfer', in: { from: 'a', to: 'b', amount: 1_000 }, from, to, node: `n${p}` },
  })
  const read = { p: 9, f: 'read', out: { a: 9_000, b: 11_000 }, from: 100, to: 101, node: 'n1' } as never
  const history = made([transfer(1, 1, 2), transfer(2, 3, 4), transfer(3, 5, 6), transfer(4, 7, 8), read])
  const initial = { a: 10_000, b: 10_000 }
  const { counterexample: shown } = factsOf({
    history: { ...history, header: { chaos: 1, model: 'bank', initial } },
    report: check(history, {
      ...{ model: 'bank', initial, levels, failedCas: 'drop', deadlineMs: millis(60_000), memoryBytes: 1e9, now },
    } as never),
  })
  if (shown === undefined) throw new Error('nothing is wrong')
  expect(shown.sentence.length).toBeGreaterThan(190)
  expect(storyOf({ ...history, header: { chaos: 1, model: 'bank', initial } }, shown)).toBe(
    "Process 9's read from n1 at 0.000 s showed 9,000 in account a, but what had been acknowledged allows only 6,000.",
  )
})

test('the report of a set violation does not read a set as the balances of a bank', () => {
  const adds = [0, 1, 2, 3, 4, 5].map((at): Made => ({ p: at, f: 'add', in: `${at}`.repeat(50), from: at, to: at + 2 }))
  const read: Made = { p: 7, f: 'read', out: { '#{}': adds.slice(1).map((add) => add.in ?? null) }, from: 60, to: 65 }
  const { history, counterexample } = judge([...adds, read], 'set')
  if (counterexample === undefined) throw new Error('no element is missing')
  expect(counterexample.sentence.length).toBeGreaterThan(190)
  expect(storyOf(history, counterexample)).toContain('returned #{"1111')
})
