import { check, levels, type Model } from '@chaosproxy/checker'
import { type Event, millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { type Made, made } from '../../../testing/src/timeline.ts'
import { causesOf } from '../../src/facts/causes.ts'
import { factsOf } from '../../src/facts/facts.ts'
import { counterSheet } from '../../src/losses/counter.ts'
import { reproach } from '../../src/moments.ts'
import { elementSheet } from '../../src/sheets/life.ts'

// Causes, titles and tables claim only what the record shows.

function judge(model: string | Model<number>, operations: readonly Made[], initial: string | null = null) {
  const history = Object.assign(made(operations), { header: { initial } })
  const options = { failedCas: 'drop', deadlineMs: millis(60_000), memoryBytes: 1e9 }
  const now = () => millis(performance.now())
  const report = check(history, { model, initial, levels, ...options, now } as never)
  const facts = factsOf({ history, report })
  const counterexample = facts.counterexample!
  const causes = causesOf({ ...facts, report, history, counterexample })
  return { history, report, facts, counterexample, causes, texts: causes.map(({ cause }) => cause) }
}

let clock = 0
const next = (op: Omit<Made, 'from' | 'to'>): Made => {
  clock += 10
  return { ...op, from: clock, to: clock + 5 }
}
const write = (p: number, value: number | string, more: Partial<Made> = {}): Made =>
  next({ p, f: 'write', key: 'x', in: value, ...more })
const read = (p: number, out: number | string | null, more: Partial<Made> = {}): Made =>
  next({ p, f: 'read', key: 'x', out, ...more })

test('no usual cause is suggested for a violation of a user-defined model', () => {
  const votes: Model<number> = {
    name: 'votes',
    initial: 0,
    apply: (count, { f }) => (f === 'add' ? [count + 1] : [count, count]),
    key: String,
  }
  const vote = next({ p: 0, f: 'add', key: 'x', in: 'yes' })
  const { texts, facts } = judge(votes, [vote, read(1, 3)])
  expect(texts).toEqual([])
  expect(facts.counterexample?.sentence).toContain('no order of them fits the votes')
})

describe('the usual causes of a register', () => {
  test('a client that reads 2 and then 1 did not go back in time if 1 was written again after 2', () => {
    const { texts } = judge('register', [write(0, 1), write(0, 2), read(1, 2), write(0, 1), write(0, 3), read(1, 1)])
    expect(texts).not.toContain('A client saw something new and then something older.')
  })

  test('a client has not missed its own write if the value that it read was written again after that write', () => {
    const { texts } = judge('register', [write(0, 1), write(1, 2), write(0, 1), write(0, 3), read(1, 1)])
    expect(texts).not.toContain('A client did not see its own write.')
  })

  test('a read of a failed write is explained only by the failed write, and not by a stale copy', () => {
    const { texts } = judge('register', [write(0, 1), write(1, 3, { type: 'fail' }), write(2, 4), read(3, 3)])
    expect(texts).toEqual(['A value was read whose write was reported as failed.'])
  })

  test('no stale copy or cache explains a read of a value that was written only after the read', () => {
    expect(judge('register', [read(1, 3), write(0, 3)]).texts).toEqual(['A value was read that nobody had written.'])
    const of = (node: string) => ({ node })
    expect(judge('register', [read(1, 3, of('n1')), write(0, 3, of('n2'))]).texts).toEqual([])
    expect(judge('register', [read(1, 3, of('n1')), write(0, 3, of('n1'))]).texts).toEqual([
      'A value was read that nobody had written.',
    ])
  })

  test('a read of the initial value is explained by a stale copy, and is not called a value that nobody wrote', () => {
    const { texts } = judge('register', [write(0, 'a'), read(1, '')], '')
    expect(texts).toEqual(['A read was answered by a copy that was behind.'])
  })

  test('an acknowledged write is not called gone if a node that may have it was not read at the end', () => {
    const last = [write(0, 1, { node: 'n1' }), write(0, 2, { node: 'n2' }), read(1, 1, { node: 'n1', final: true })]
    const { texts } = judge('register', last)
    expect(texts).not.toContain('A write that was acknowledged is gone.')
  })
})

describe('the usual causes of other models', () => {
  const add = (p: number, value: number): Made => next({ p, f: 'add', key: 'x', in: value })

  test('the usual causes do not blame the cache of one node if no nodes are recorded', () => {
    const sent = next({ p: 0, f: 'enqueue', key: 'q', in: 1 })
    const { texts } = judge('queue', [sent, next({ p: 1, f: 'dequeue', key: 'q', out: null })])
    expect(texts).toEqual(['A dequeue found nothing, although a message had been acknowledged before.'])
  })

  test('the usual causes do not blame an old copy for an element that nobody added to a set', () => {
    const { texts, history, counterexample } = judge('set', [add(0, 1), { ...read(1, null), out: [1, 7] }])
    expect(texts).toEqual([])
    expect(reproach(history, counterexample)).toBeUndefined()
  })

  test('the remedy for a stale read of a set recommends no level but eventual, which is checked for sets', () => {
    const operations = [add(0, 1), next({ p: 0, f: 'remove', key: 'x', in: 1 }), { ...read(1, null), out: [1] }]
    const { causes } = judge('set', operations)
    expect(causes[0]?.remedy).toMatch(/If old answers are fine, expect eventual\.$/)
  })

  test('the usual causes do not blame a repeated request for an id that was given out twice', () => {
    const ids = [0, 1].map((p) => next({ p, f: 'generate', out: 5 }))
    expect(judge('unique-ids', ids).texts).toEqual(['An id was given out again.'])
  })

  test('an addition without an acknowledgement is not called acknowledged because a read showed its element', () => {
    const { texts } = judge('set', [
      { ...add(0, 1), type: 'info' },
      { ...read(1, null), out: [1] },
      { ...read(2, null), out: [] },
    ])
    expect(texts).toEqual(['A read was answered by a copy that was behind.'])
  })

  const LAG = 'A read was answered by a copy that was behind.'

  test.each([
    [
      'an entry at another offset',
      [
        [0, 'b'],
        [1, 'a'],
      ],
      [],
    ],
    [
      'an entry twice',
      [
        [0, 'a'],
        [1, 'b'],
        [2, 'b'],
      ],
      [],
    ],
    ['an entry too few', [[0, 'a']], [LAG]],
  ] as const)('a stale copy explains a read of a log only if the read lacks an entry: %s', (_, out, expected) => {
    const append = (p: number, value: string, offset: number): Made => next({ p, f: 'append', in: value, out: offset })
    const operations = [append(0, 'a', 0), append(1, 'b', 1), next({ p: 2, f: 'read', out: out as never })]
    expect(judge('log', operations).texts).toEqual(expected)
  })

  test('a stale copy explains a balance only if the copy had seen some of the transfers', () => {
    const move = (amount: number, type: 'ok' | 'fail' = 'ok'): Made =>
      next({ p: 0, f: 'transfer', in: { from: 'a', to: 'b', amount }, type })
    const opening = { a: 10, b: 10 } as never
    const causesFor = (a: number) =>
      judge('bank', [move(5), move(3, 'fail'), next({ p: 1, f: 'read', out: { a, b: 20 - a } })], opening).texts
    expect(causesFor(2)).toEqual([])
    expect(causesFor(10)).toEqual([LAG])
  })

  test('no stale copy explains a sum that no changes give, or an element that is added only after the read', () => {
    const sums = [add(0, 1), add(0, -1), add(0, 1), add(0, -1)]
    expect(judge('counter', [...sums, read(1, 5)]).texts).toEqual([])
    expect(judge('counter', [...sums, read(1, 1)]).texts).toEqual([LAG])
    expect(judge('set', [{ ...read(1, null), out: [2] }, add(0, 2), { ...read(1, null), out: [2] }]).texts).toEqual([])
  })

  test('different results of final dequeues are no evidence that copies did not converge', () => {
    const sent = next({ p: 0, f: 'enqueue', in: 1, type: 'info' })
    const final = { f: 'dequeue', final: true } as const
    const { texts } = judge('queue', [sent, next({ p: 1, ...final, out: null }), next({ p: 2, ...final, out: 3 })])
    expect(texts).not.toContain('The copies did not converge.')
  })

  test('a change is said to undo another change only if the read can have seen both changes', () => {
    const one = { node: 'n1' }
    const UNDONE = 'A change was computed from an old value, and undid another one.'
    const judged = (...sums: readonly number[]) =>
      judge('counter', [...sums.map((sum) => ({ ...add(0, sum), ...one })), { ...read(1, 0), ...one }]).texts
    expect(judged(1)).not.toContain(UNDONE)
    expect(judged(1, 1)).toContain(UNDONE)
  })

  test('no stale copy explains a text that is longer than everything appended', () => {
    const append = next({ p: 0, f: 'append', key: 'x', in: 'a' })
    const judged = (text: string) => judge('register', [append, append, next({ p: 1, f: 'get', key: 'x', out: text })])
    expect(judged('aaa').texts).not.toContain(LAG)
    expect(judged('a').texts).toContain(LAG)
  })

  test('no cause is named for a wrong total of a bank, or for an overdraft by a single failed transfer', () => {
    const move = (amount: number, type: 'ok' | 'fail'): Made =>
      next({ p: 0, f: 'transfer', in: { from: 'a', to: 'b', amount }, type })
    const show = (a: number, b: number): Made => next({ p: 1, f: 'read', out: { a, b } })
    const opening = { a: 10, b: 10 } as never
    expect(judge('bank', [move(5, 'ok'), show(5, 10)], opening).texts).toEqual([])
    expect(judge('bank', [move(12, 'fail'), show(-2, 22)], opening).texts).toEqual([])
    const stale = judge('bank', [move(5, 'ok'), show(10, 10)], opening).causes
    expect(stale.map(({ remedy }) => remedy)).not.toContainEqual(expect.stringContaining('expect eventual'))
  })

  test('the usual causes do not say that an addition took effect twice if some additions were negative', () => {
    const { texts } = judge('counter', [add(0, 5), add(1, -3), read(2, 5)])
    expect(texts).not.toContain('An operation took effect twice.')
  })
})

describe('the words about elements', () => {
  const add = (p: number, value: number, node?: string): Made => next({ p, f: 'add', key: 'x', in: value, node: node! })
  const shown = (out: number[], more: Partial<Made> = {}): Made => ({ ...read(2, null, more), out })

  test('an element is not called lost if a node that may have it had no final read', () => {
    const { facts } = judge('set', [add(0, 1, 'n1'), shown([], { node: 'n2', final: true })])
    expect(facts.headline.title).toBe('1 acknowledged element was missing from the final reads')
  })

  test('the report says how often a read shows an element that was added once', () => {
    const { history, report, counterexample } = judge('set', [add(0, 1), shown([1, 1, 1])])
    expect(reproach(history, counterexample)?.text).toBe('1 is in it 3 times')
    const sheet = elementSheet({ history, report, counterexample })
    expect(sheet?.title).not.toContain('seen by no read')
    expect(sheet?.rows.at(-1)?.cells[3]).toBe('read: 1 is in it 3 times')
  })

  test('a poll is not blamed for missing an append that it returned', () => {
    const append = (value: string, offset: number): Made =>
      next({ p: 0, f: 'append', key: 'l', in: value, out: offset })
    const poll = next({ p: 1, f: 'poll', key: 'l', in: 0, out: [[1, 'b']] })
    const { history, counterexample } = judge('log', [append('a', 0), append('b', 1), { ...poll, from: 1e6, to: 2e6 }])
    expect(reproach(history, counterexample)?.text).toMatch(/^append "a" was acknowledged/)
  })
})

describe('a wrong read of a counter that was lowered', () => {
  const add = (p: number, value: number): Made => next({ p, f: 'add', key: 'x', in: value })
  const { facts, history, report, counterexample } = judge('counter', [add(0, 5), read(2, 5), add(1, -3), read(2, 1)])

  test('for a counter with negative additions, the headline names an impossible sum, and no missing additions', () => {
    expect(facts.headline.title).toBe('1 read returned an impossible sum')
  })

  test('a wrong read of a counter with negative additions is not compared with an earlier, higher read', () => {
    const rows = counterSheet({ history, report, counterexample })?.rows ?? []
    expect(rows.map(({ cells }) => cells[2])).toContain('1 too few')
    expect(rows.filter(({ wrong }) => wrong !== undefined && wrong.length > 0)).toHaveLength(1)
  })
})

test('a fault that ended just before a wrong read is described as ended, even in a history without times', () => {
  const operations: Made[] = [
    { p: 0, f: 'write', key: 'x', in: 1, from: 0, to: 1 },
    { p: 1, f: 'read', key: 'x', out: null, from: 2, to: 3 },
  ]
  const fault = (f: string, time: number) =>
    ({ process: 'nemesis', type: 'info', f, value: null, time, index: 0 }) as Event
  const history = made(operations, [fault('start-partition', 0), fault('stop-partition', 2)])
  const { report } = judge('register', operations)
  expect(factsOf({ history, report }).why.text).toMatch(/^In force until shortly before the request: partition/)
})

test('a fault without a recorded end is reported as lasting to the end of the record', () => {
  const operations: Made[] = [
    { p: 0, f: 'write', key: 'x', in: 1, from: 1e6, to: 2e6 },
    { p: 1, f: 'read', key: 'x', out: null, from: 5e6, to: 6e6 },
  ]
  const began = { process: 'nemesis', type: 'info', f: 'start-partition', value: null, time: 2_500_000, index: 2 }
  const history = made(operations, [began as Event])
  const { report } = judge('register', operations)
  expect(factsOf({ history, report }).near[0]?.text).toBe('partition, 0.003 s to the end of the record')
})
