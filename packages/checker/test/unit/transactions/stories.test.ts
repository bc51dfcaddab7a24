import { historyFromEvents, type Json, millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { check, impliesLevel, isolationLadder } from '../../../src/index.ts'
import type { IsolationLevel } from '../../../src/transactions/levels/ladder.ts'
import { judged, type Line, met, oneByOne, together } from '../../transactions/judged.ts'

const append = (key: string, element: number): Json => ['append', key, element]
const read = (key: string, ...list: number[]): Json => ['r', key, list]
const line = (process: number, ...value: Json[]): Line => [process, value]

/** The smallest history of each story. */
const stories = {
  'lost update': [
    ...together(line(0, read('x'), append('x', 1)), line(1, read('x'), append('x', 2))),
    ...oneByOne(line(2, read('x', 1, 2))),
  ],
  'write skew': together(line(0, read('x'), append('y', 1)), line(1, read('y'), append('x', 1))),
  'read skew': together(line(0, append('x', 1), append('y', 1)), line(1, read('y'), read('x', 1))),
  'long fork': together(
    line(0, append('x', 1)),
    line(1, append('y', 1)),
    line(2, read('x', 1), read('y')),
    line(3, read('x'), read('y', 1)),
  ),
  'non-repeatable read': together(line(0, read('x'), read('x', 1)), line(1, append('x', 1))),
  'dirty read': oneByOne([0, [append('x', 1)], 'fail'], line(1, read('x', 1))),
  'intermediate read': together(line(0, append('x', 1), append('x', 2)), line(1, read('x', 1))),
  'circular read': together(line(0, append('x', 1), read('y', 1)), line(1, append('y', 1), read('x', 1))),
  'dirty write': together(
    line(0, append('x', 1), append('y', 1)),
    line(1, append('x', 2), append('y', 2)),
    line(2, read('x', 1, 2), read('y', 2, 1)),
  ),
  'stale read': oneByOne(line(0, append('x', 1)), line(1, read('x'))),
  'own write not seen': oneByOne(line(0, append('x', 1)), line(0, read('x'))),
  'missing append': oneByOne(
    line(0, append('x', 1)),
    line(0, append('x', 2)),
    line(1, read('x', 1)),
    line(0, read('x', 1)),
  ),
  'reversed writes': oneByOne(line(0, append('x', 1)), line(1, append('x', 2)), line(2, read('x', 2, 1))),
  'read ahead': oneByOne(line(0, read('x', 1)), line(1, append('x', 1))),
  'torn append': oneByOne(line(0, append('x', 1), append('x', 2)), line(1, read('x', 2))),
  'duplicate elements': oneByOne(line(0, append('x', 1)), line(1, read('x', 1, 1))),
}

/** Returns the report on a history, and the counterexample to `strict-serializable`, the strongest level. */
const storyOf = (events: (typeof stories)[keyof typeof stories], model?: 'rw-register') => {
  const report = judged(events, null, model)
  const verdict = report.levels['strict-serializable']
  if (verdict?.result !== 'violated') throw new Error('it is not violated')
  return { report, counterexample: verdict.counterexample }
}

describe.each(Object.entries(stories))('a history of %s', (name, events) => {
  const { report, counterexample } = storyOf(events)
  const { story, transactions, sentence } = counterexample

  test('an anomaly is explained with its name, its cause and its remedy', () => {
    expect(story?.name).toBe(name)
    expect(sentence.toLowerCase()).toContain(name)
    expect(story?.cause).toMatch(/^[A-Z].*\.$/)
    expect(story?.cure).toMatch(/^[A-Z].*\.$/)
  })

  test('the history of an anomaly violates the level `refusedBy` of its explanation, and meets the weaker levels', () => {
    const refusedBy = story?.refusedBy as IsolationLevel
    expect(report.levels[refusedBy]?.result).toBe('violated')
    // Databases call snapshot isolation repeatable read, but its anomalies may violate the level repeatable-read.
    for (const weaker of isolationLadder.implied[refusedBy])
      if (weaker !== 'repeatable-read') expect(met(report)).toContain(weaker)
    expect(impliesLevel('strict-serializable', refusedBy)).toBe(true)
  })

  test('the drawing of an anomaly shows the steps of each transaction, and each arrow joins existing steps', () => {
    expect(transactions?.parts.map(({ operation }) => operation)).toEqual(
      counterexample.operations.map(({ operation }) => operation),
    )
    for (const { from, to } of transactions?.arrows ?? [])
      for (const { part, step } of [from, to]) {
        expect(transactions?.parts[part]).toBeDefined()
        if (step !== undefined) expect(transactions?.parts[part]?.steps[step]).toBeDefined()
      }
    if (transactions?.isCycle) {
      const { arrows } = transactions
      expect(arrows.map(({ to }) => to.part)).toEqual([...arrows.slice(1), arrows[0]!].map(({ from }) => from.part))
    }
  })
})

test('an append that no read shows is explained as missing, even if a later append is read', () => {
  const { counterexample } = storyOf(oneByOne(line(0, append('x', 1)), line(0, append('x', 2)), line(1, read('x', 2))))
  expect(counterexample.story?.name).toBe('missing append')
})

test.each([
  [0, 'the order of each client'],
  [2, 'real time'],
] as const)(
  'the title of a cycle names the order of transactions that the cycle contradicts (process %s: %s)',
  (process, kept) => {
    const writes = oneByOne(line(0, ['w', 'x', 1]), line(process, ['w', 'y', 1]))
    const [call, reply] = oneByOne(line(1, ['r', 'x', null], ['r', 'y', 1]))
    const { counterexample } = storyOf([call!, ...writes, reply!], 'rw-register')
    expect(counterexample.story?.title).toBe(`No order of the transactions explains what they read and keeps ${kept}`)
  },
)

test('a read of a value before its write is explained as "read ahead", and violates "strong-read-committed"', () => {
  const write = (value: number): Json => ['w', 'x', value]
  const { counterexample } = storyOf(oneByOne(line(0, write(1), ['r', 'x', 2]), line(1, write(2))), 'rw-register')
  expect(counterexample.story).toMatchObject({ name: 'read ahead', refusedBy: 'strong-read-committed' })
})

test('the explanation of an unseen change names "strong-cursor-stability" if the history meets "cursor-stability"', () => {
  const first = oneByOne(line(0, ['w', 'x', 1]))
  const both = together(line(1, ['r', 'x', null], ['w', 'x', 2]), line(2, ['r', 'x', 1]))
  const report = judged([...first, ...both], null, 'rw-register')
  expect(met(report)).toContain('cursor-stability')
  expect(report.levels['strong-cursor-stability']).toMatchObject({
    counterexample: { story: { name: 'unseen change', refusedBy: 'strong-cursor-stability' } },
  })
})

test('the sentence about a lost update of a list names the readers and the appenders', () => {
  expect(storyOf(stories['lost update']).counterexample.sentence).toBe(
    'Lost update (G-single-item): T1 (process 0) and T2 (process 1) both read x = []; T1 appended 1 to x, and T2 then appended 2 to x without having seen it. T3 (process 2) read x = [1,2], which shows that T1 appended to x before T2.',
  )
})

test('the drawing of a lost update shows both the read and the write of a transaction', () => {
  const { transactions } = storyOf(stories['lost update']).counterexample
  expect(transactions?.parts[0]?.steps.map(({ text }) => text)).toEqual(['read x = []', 'append 1 to x'])
})

test('the explanation of a history with a lost update and a non-repeatable read names the lost update', () => {
  const again = (process: number, before: readonly number[], now: readonly number[], element: number): Line =>
    line(process, read('x', ...before), read('x', ...now), append('x', element))
  const events = [
    ...together(again(0, [], [], 1), again(1, [], [], 2)),
    ...together(again(0, [1, 2], [1, 2], 3), again(1, [1, 2], [1, 2, 3], 4)),
    ...oneByOne(line(2, read('x', 1, 2, 3, 4))),
  ]
  const { report, counterexample } = storyOf(events)
  expect(counterexample.story?.name).toBe('lost update')
  expect(report.levels['read-atomic']).toMatchObject({
    counterexample: { story: { name: 'non-repeatable read' } },
  })
})

test('a lost update is reported even if no read shows which of the two writes was last', () => {
  const both = together(line(0, read('x'), append('x', 1)), line(1, read('x'), append('x', 2)))
  expect(storyOf(both).counterexample.story).toMatchObject({ name: 'lost update', refusedBy: 'cursor-stability' })
  expect(storyOf(both).counterexample.sentence).toContain('Neither saw what the other wrote')
})

test("a transaction that reads another transaction's new value and then an old value violates monotonic atomic view", () => {
  const back = together(line(0, append('x', 1), append('y', 1)), line(1, read('x', 1), read('y')))
  expect(storyOf(back).counterexample.story).toMatchObject({ name: 'read skew', refusedBy: 'monotonic-atomic-view' })
})

test('a transaction that reads the new value of a key and then its old value violates monotonic atomic view', () => {
  const back = together(line(0, append('x', 1)), line(1, read('x', 1), read('x')))
  expect(storyOf(back).counterexample.story).toMatchObject({
    name: 'non-repeatable read',
    refusedBy: 'monotonic-atomic-view',
  })
})

test('a read that lacks an append is explained as a stale read, and not as a lost append, if a later read has the append', () => {
  const late = oneByOne(line(0, append('x', 1)), line(1, read('x')), line(2, read('x', 1)))
  expect(storyOf(late).counterexample.story).toMatchObject({ name: 'stale read' })
})

test('a cycle without write-write dependencies violates causal if it has one anti-dependency, and prefix if it has two', () => {
  const missed = together(
    line(0, append('x', 1), append('y', 1)),
    line(1, read('x', 1), append('z', 1)),
    line(2, read('z', 1), read('y')),
  )
  expect(storyOf(missed).counterexample.story).toMatchObject({ name: undefined, refusedBy: 'causal' })
  const forked = together(
    line(0, append('x', 1)),
    line(1, append('y', 1)),
    line(2, read('x', 1), read('y')),
    line(3, read('y', 1), append('z', 1)),
    line(4, read('z', 1), read('x')),
  )
  expect(storyOf(forked).counterexample.story).toMatchObject({ name: undefined, refusedBy: 'prefix' })
})

test('the remedy of a dirty read changes how failures are reported only if the writer failed before the reader began', () => {
  const failed: Line = [0, [append('x', 1)], 'fail']
  const cureOf = (events: (typeof stories)['dirty read']): string => storyOf(events).counterexample.story?.cure ?? ''
  expect(cureOf(oneByOne(failed, line(1, read('x', 1))))).toContain('Report a transaction as failed only if')
  expect(cureOf(together(failed, line(1, read('x', 1))))).toContain('Show nobody else a change before')
})

test('the explanation of cyclic versions that follow from --assume names the assumption, and not the time limit', () => {
  const history = historyFromEvents(
    oneByOne(line(0, ['w', 'x', 1]), line(1, ['w', 'x', 2]), line(2, ['r', 'x', 1]), line(3, ['r', 'x', 2])),
  )
  const report = check(history, {
    ...{ model: 'rw-register', initial: null, levels: isolationLadder.levels, assume: ['linearizable-keys'] },
    ...{ deadlineMs: millis(10_000), memoryBytes: 1e9, now: () => millis(0) },
  })
  const verdict = report.levels['read-uncommitted']
  expect(verdict?.result === 'violated' && verdict.counterexample).toMatchObject({
    sentence: expect.stringMatching(
      /^Cyclic versions: T2 .* wrote 2 to x; T1 .* wrote 1 to x\. By linearizable-keys, each of these versions comes before the other\.$/,
    ),
    keys: ['x'],
    story: { name: 'cyclic versions' },
  })
  expect(verdict).not.toHaveProperty('counterexample.uncut')
})
