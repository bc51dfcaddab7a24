import { check, findModel, type Report } from '@chaosproxy/checker'
import { type History, type Json, millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { type Made, made } from '../../../testing/src/timeline.ts'
import { factsOf } from '../../src/facts/facts.ts'
import { renderHtml } from '../../src/html/page.ts'
import { guaranteeText } from '../../src/level-words.ts'
import { operationText } from '../../src/operation-words.ts'

// Headlines of watches, transactions and other models that judge more than single objects.

const watchLevels = findModel('watch')?.levels ?? []

function judge(operations: readonly Made[], model: string) {
  const history = made(operations)
  return factsOf({ history, report: reportOf(history, model) }).headline
}

const reportOf = (history: History, model: string): Report<string> =>
  check(history, {
    model,
    initial: null,
    levels: findModel(model)?.levels ?? [],
    failedCas: 'drop',
    deadlineMs: millis(60_000),
    memoryBytes: 1e9,
    now: () => millis(performance.now()),
  })

describe('the report of a watch violation', () => {
  type Step = Omit<Made, 'p' | 'from' | 'to'> & { readonly p?: number }
  const headline = (...steps: readonly Step[]) =>
    judge(
      steps.map((step, at) => ({ p: at, ...step, from: at * 10, to: at * 10 + 5 })),
      'watch',
    )
  const put = (revision: number, key: string, value: number): Step => ({ f: 'put', key, in: value, out: revision })
  const three = [put(2, 'x', 1), put(3, 'x', 2), put(4, 'y', 3)]
  const watch = (present: number, asked: { readonly [member: string]: Json }): Step => ({
    ...{ p: 7, f: 'watch', in: { watch: 1, ...asked }, out: { revision: present } },
  })
  const sent = (...out: readonly Json[]): Step => ({ p: 7, f: 'watched', in: { watch: 1 }, out: [...out] })
  const events = (...all: readonly Json[]): Json => ({ events: all })
  const [x1, x2, y3] = [
    { revision: 2, key: 'x', value: 1 },
    { revision: 3, key: 'x', value: 2 },
    { revision: 4, key: 'y', value: 3 },
  ]
  const all = { from: 2 }

  test.each<readonly [string, { readonly [member: string]: Json }, readonly Json[]]>([
    ["p7's watch missed p1's confirmed put of x", all, [events(x1), events(y3)]],
    ["p7's watch missed p0's confirmed put of x", all, [events(x2, y3)]],
    ["p7's watch of x was sent a change that it had not asked for", { from: 2, key: 'x' }, [events(x1, x2, y3)]],
    ["p7's watch went back in time", all, [events(x2), events(x1), events(y3)]],
    ["p7's watch was sent the same change twice", all, [events(x1), events(x1, x2)]],
    ["p7's watch reported a change wrongly", all, [events({ revision: 2, key: 'x', value: 7 })]],
    ["p7's watch got a wrong report of its progress", all, [events(x1, x2, y3), { progress: 9 }, { progress: 8 }]],
    [
      "p7's watch was told that it was up to date, but missed p1's confirmed put of x",
      all,
      [events(x1), { progress: 4 }],
    ],
    [
      "p7's watch was told that its changes are compacted, but nobody had compacted them",
      all,
      [{ ended: true, compacted: 4 }],
    ],
  ])('the report of a watch violation has the headline: %s', (title, asked, responses) => {
    expect(headline(...three, watch(4, asked), sent(...responses))).toMatchObject({ title, verdict: 'Not faithful' })
  })

  test('the headline of a watch violation names a transaction sent in parts, or a change from before the start', () => {
    const both: Step = { f: 'txn', in: { x: 1, y: 2 }, out: 2 }
    expect(headline(both, watch(3, { from: 2, prefix: '' }), sent(events(x1))).title).toBe(
      "p7's watch was sent a transaction in parts",
    )
    const ahead = [put(2, 'x', 1), watch(2, { from: 4, prefix: 'x' }), put(3, 'x', 2), put(4, 'x', 3)]
    expect(headline(...ahead, sent(events(x2), events({ ...y3, key: 'x' }))).title).toBe(
      "p7's watch of x* was sent a change from before its start",
    )
  })

  test('the report of a watch violation names the change that a stuck watch never showed', () => {
    const inVain = Array.from({ length: 5 }, () => ({ ...sent(), final: true }))
    expect(headline(...three, watch(4, all), sent(events(x1, x2)), ...inVain).title).toBe(
      "p7's watch got stuck, and never saw p2's confirmed put of y",
    )
  })
})

describe('the HTML report of a watch', () => {
  const steps = (...events: readonly Json[]): readonly Made[] => [
    { p: 1, f: 'put', key: 'x', in: 1, out: 2, from: 0, to: 5 },
    { p: 7, f: 'watch', in: { watch: 1, from: 2 }, out: { revision: 2 }, from: 10, to: 15 },
    { p: 7, f: 'watched', in: { watch: 1 }, out: [{ events: [...events] }], from: 20, to: 25, final: true },
  ]
  const pageOf = (operations: readonly Made[]): string => {
    const history = made(operations)
    return renderHtml({ history, report: reportOf(history, 'watch'), title: 't', version: '1', historyFile: 'h' })
  }

  test('the HTML report of a watch explains every guarantee, and does not rank the guarantees', () => {
    const page = pageOf(steps({ revision: 2, key: 'x', value: 1 }))
    expect(page).toContain('Every watch was sent every change that it asked for, once and in order.')
    expect(page).toContain('>Guarantees</h2>')
    expect(page).toContain('class="ladder apart"')
    for (const level of watchLevels) expect(page).toContain(guaranteeText[level])
  })

  test('the HTML report of a watch does not explain a guarantee that was violated', () => {
    expect(pageOf(steps({ revision: 2, key: 'x', value: 3 }))).not.toContain('Every watch was sent every change')
  })
})

describe('the report of a violation with several registers', () => {
  type Part = readonly [f: 'read' | 'write', register: string, value: Json]
  const txn = (p: number, from: number, to: number, ...parts: readonly Part[]): Made => ({
    ...{ p, f: 'txn', from, to, out: parts.map((part) => [...part]) },
    in: parts.map(([f, register, value]) => [f, register, f === 'read' ? null : value]),
  })
  const titleOf = (...txns: readonly Made[]): string => judge(txns, 'multi-register').title
  const both = txn(0, 0, 5, ['write', 'x', 1], ['write', 'y', 1])

  test('the report of several registers names the client that saw only a part of a transaction', () => {
    expect(titleOf(both, txn(1, 3, 8, ['read', 'x', 1], ['read', 'y', null]))).toBe(
      'p1 saw only a part of what p0 wrote',
    )
  })

  test('the report of several registers shows what a transaction wrote, and which values it read', () => {
    const history = made([both, txn(1, 10, 15, ['read', 'x', 1], ['read', 'y', null])])
    const texts = [0, 1].map((row) => operationText(history, row, { withKey: true }))
    expect(texts).toEqual(['p0 txn write x 1, write y 1 → ok', 'p1 txn read x, read y → x = 1, y = null'])
  })

  test('the report of several registers names the writer of a missing confirmed write, and the node that lacks it', () => {
    expect(titleOf(both, txn(1, 10, 15, ['read', 'y', null]))).toBe("p1 did not see p0's confirmed write to y")
    expect(titleOf(both, { ...txn(1, 10, 15, ['read', 'y', null]), node: 'n2' })).toBe(
      "p0's confirmed write to y was missing at n2",
    )
    expect(titleOf(both, txn(0, 10, 15, ['read', 'y', null]))).toBe('p0 did not see its own confirmed write to y')
  })

  test('the report of several registers names clients that missed each other’s writes or saw different orders', () => {
    const one = txn(0, 0, 20, ['write', 'x', 1], ['read', 'y', null])
    expect(titleOf(one, txn(1, 1, 21, ['write', 'y', 2], ['read', 'x', null]))).toBe(
      'p0 and p1 each missed what the other had written',
    )
    const writes = [txn(0, 0, 40, ['write', 'x', 1]), txn(1, 1, 41, ['write', 'y', 1])]
    const reads = [
      txn(2, 5, 45, ['read', 'x', 1], ['read', 'y', null]),
      txn(3, 6, 46, ['read', 'x', null], ['read', 'y', 1]),
    ]
    expect(titleOf(...writes, ...reads)).toBe('p2 and p3 saw the same writes in different orders')
  })

  test('the report of several registers states that a read returned a value that nobody had written', () => {
    expect(titleOf(both, txn(1, 10, 15, ['read', 'x', 9]))).toBe('p1 read x = 9, which nobody had written')
  })

  test('the report of several registers names the last write if a read shows an older value', () => {
    const written = [txn(0, 0, 5, ['write', 'x', 1]), txn(1, 6, 9, ['write', 'x', 2])]
    const back = [txn(2, 10, 12, ['read', 'x', 2]), txn(3, 13, 15, ['write', 'x', 1]), txn(2, 20, 22, ['read', 'x', 2])]
    expect(titleOf(...written, ...back)).toBe("p2 did not see p3's confirmed write to x")
    expect(titleOf(...written, txn(2, 10, 12, ['read', 'x', 2]))).toBe('Linearizable')
  })
})

describe('the report of a violation with an appended string', () => {
  const append = (p: number, value: string, from: number): Made => ({
    ...{ p, f: 'append', key: 'k', in: value, from, to: from + 5 },
  })
  const read = (p: number, out: string | null, from: number, more: Partial<Made> = {}): Made => ({
    ...{ p, f: 'read', key: 'k', out, from, to: from + 5, ...more },
  })
  const titleOf = (...operations: readonly Made[]): string => judge(operations, 'register').title

  test('the report of a string names the client whose acknowledged append is missing', () => {
    const two = [append(1, '1.', 0), append(2, '2.', 10)]
    expect(titleOf(...two, read(3, '1.', 20, { node: 'n3' }))).toBe("p2's confirmed append to k was missing at n3")
    expect(titleOf(...two, read(3, '1.', 20))).toBe("p3 did not see p2's confirmed append to k")
    expect(titleOf(...two, read(2, '1.', 20))).toBe('p2 did not see its own confirmed append to k')
  })

  test('the report of a string names the clients that saw an append earlier, or appends in another order', () => {
    const two = [append(1, '1.', 0), append(2, '2.', 1)].map((each) => ({ ...each, to: 100 }))
    expect(titleOf(...two, read(3, '1.2.', 10), read(4, '1.', 20))).toBe(
      'p4 did not see an append to k that p3 had already read',
    )
    expect(titleOf(...two, read(3, '1.2.', 10), read(3, '1.', 20))).toBe("p3's reads went back in time")
    expect(titleOf(...two, read(3, '1.2.', 10), read(4, '2.1.', 20))).toBe(
      'p3 and p4 saw the appends to k in different orders',
    )
    expect(titleOf(...two, read(3, '1.2.', 10), read(3, '2.1.', 20))).toBe('p3 saw the appends to k in two orders')
  })

  test('the report of a string does not claim two orders of appends if a read shows a text that nobody appended', () => {
    const open = { ...append(1, '1.', 0), to: 100 }
    expect(titleOf(open, read(3, '1.', 10), read(3, '7.', 20))).toBe('Not linearizable')
  })
})
