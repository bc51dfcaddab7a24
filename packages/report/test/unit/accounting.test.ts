import { check, type ModelName } from '@chaosproxy/checker'
import { type Fault, linksBetween } from '@chaosproxy/faults'
import { type EventInput, type History, historyFromEvents, type Json, millis, nanos } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { made, ms, summary } from '../../../testing/src/timeline.ts'
import { accountLines, sumsText } from '../../src/accounting-words.ts'
import { causesOf } from '../../src/facts/causes.ts'
import { factsOf } from '../../src/facts/facts.ts'
import { renderHtml } from '../../src/html/page.ts'
import { toJson } from '../../src/reporters/result-json.ts'
import { renderCheck } from '../../src/terminal/check-page.ts'
import { plainStyle } from '../../src/terminal/style.ts'

type Done = readonly [f: string, asked: Json, type: 'ok' | 'fail' | 'info', answered: Json]

/** Returns a history of operations one after another, 1 ms each, by separate processes. */
const historyOf = (...operations: readonly Done[]): History =>
  historyFromEvents(
    operations.flatMap(([f, value, type, answered], i): EventInput[] => [
      { process: i, type: 'invoke', f, value, time: nanos(2e6 * i) },
      { process: i, type, f, value: answered, time: nanos(2e6 * i + 1e6) },
    ]),
  )

const judging = (model: ModelName) => ({
  ...{ model, initial: null, levels: ['linearizable', 'eventual'] as const, failedCas: 'drop' as const },
  ...{ deadlineMs: millis(5_000), memoryBytes: 1e8, now: () => millis(0) },
})

function judged(model: ModelName, history: History) {
  const report = check(history, judging(model))
  const { accounting } = report
  if (accounting === undefined) throw new Error('there is no accounting')
  return { report, accounting }
}

const page = { file: 'h.jsonl', parseMs: 1, checkMs: 1, width: 200, unicode: true }

const history = historyOf(
  ['enqueue', 1, 'ok', 1],
  ['enqueue', 2, 'ok', 2],
  ['enqueue', 3, 'info', 3],
  ['enqueue', 4, 'ok', 4],
  ['dequeue', null, 'ok', 1],
  ['dequeue', null, 'ok', 1],
  ['dequeue', null, 'ok', 3],
  ['dequeue', null, 'ok', 9],
  ['drain', null, 'ok', [4]],
)
const { report, accounting } = judged('bag', history)

test('the accounting of a queue lists lost, duplicated, unexpected and recovered messages', () => {
  expect(sumsText(accounting)).toBe('4 messages tried, 3 acknowledged, 3 seen')
  expect(accountLines(accounting).map(({ what, items }) => [what, items])).toEqual([
    ['lost', ['2']],
    ['unexpected', ['9']],
    ['duplicated', ['1 (1 too many)']],
    ['recovered', ['3']],
  ])
})

test('the terminal page of a checked queue lists lost and duplicated messages, and no lost writes', () => {
  const text = renderCheck(report, history, plainStyle, page)
  expect(text).toContain('  accounting: 4 messages tried, 3 acknowledged, 3 seen\n')
  expect(text).toContain('  ✘ 1 lost (acknowledged or seen, but never seen later): 2\n')
  expect(text).toContain('  ✘ 1 duplicated (seen more often than it was added): 1 (1 too many)\n')
  expect(text).toContain('  1 recovered (seen, though adding it failed or its outcome was unknown): 3\n')
  expect(text).not.toContain('in no final read')
})

test('an element of a set counts as duplicated if one read has it twice, however often it was added', () => {
  const { accounting } = judged(
    'set',
    historyOf(['add', 1, 'ok', 1], ['add', 1, 'ok', 1], ['read', null, 'ok', [1, 1]]),
  )
  expect(accountLines(accounting)).toMatchObject([
    { what: 'duplicated', meaning: 'in one read more than once', items: ['1'] },
  ])
})

test('the accounting of a set lists a lost element with the last read that showed it after its acknowledgement', () => {
  const lists = [
    ['add', 1, 'ok', 1],
    ['read', null, 'ok', [1]],
    ['read', null, 'ok', []],
  ] as const
  const [lost] = accountLines(judged('set', historyOf(...lists)).accounting!)
  expect(lost).toMatchObject({ what: 'missing', items: ['1 (last seen 1.0 ms later)'] })
})

test('the section "Accounting" of the HTML report counts the messages of a queue and lists the lost message', () => {
  const html = renderHtml({ title: 't', version: '0', history, historyFile: 'h.jsonl', report, again: 'x' })
  expect(html).toContain('<h2 id="accounting">Accounting</h2><p class="note">4 messages tried, 3 acknowledged, 3 seen;')
  expect(html).toContain('<tr class="trouble"><th scope="row">1 lost</th><td>2 ')
})

test('the member "accounting" of --json lists messages by their fate, with their lines in the history', () => {
  const json = JSON.parse(JSON.stringify(toJson({ report, history, checkMs: 1 })))
  expect(json.accounting).toEqual({
    result: 'violated',
    reason: 'Nobody enqueued what came out: 9.',
    attempted: 4,
    acknowledged: 3,
    ok: 3,
    lost: [{ value: 2, count: 1, lines: [3, 4] }],
    unexpected: [{ value: 9, count: 1, lines: [15, 16] }],
    duplicated: [{ value: 1, count: 1, lines: [1, 2] }],
    stale: [],
    recovered: [{ value: 3, count: 1, lines: [5, 6] }],
    neverRead: [],
    totals: { lost: 1, unexpected: 1, duplicated: 1, stale: 0, recovered: 1, neverRead: 0 },
  })
})

test('the JSON output and the terminal page state the number of operations of unknown outcome', () => {
  expect(JSON.parse(JSON.stringify(toJson({ report, history, checkMs: 1 }))).info).toEqual({ total: 1 })
  expect(renderCheck(report, history, plainStyle, page)).toContain('1 operation has an unknown outcome\n')
})

test('the accounting lists messages that may still be in the queue as "not out yet", not as lost', () => {
  const open = historyOf(['enqueue', 1, 'ok', 1], ['enqueue', 2, 'ok', 2], ['dequeue', null, 'ok', 1])
  const lines = accountLines(judged('bag', open).accounting)
  expect(lines).toMatchObject([{ what: 'not out yet', items: ['2'], isTrouble: false }])
})

test('messages of an undrained queue are not lost, even if a dequeue returned a message that nobody enqueued', () => {
  const open = judged('queue', historyOf(['enqueue', 1, 'ok', 1], ['dequeue', null, 'ok', 9]))
  expect(open.report.lost).toEqual([])
  expect(accountLines(open.accounting)).toMatchObject([{ what: 'not out yet', items: ['1'] }, { what: 'unexpected' }])
})

test('the accounting of a set lists duplicated elements, stale elements and elements that were never read', () => {
  const set = judged(
    'set',
    historyOf(
      ['add', 1, 'ok', 1],
      ['read', null, 'ok', []],
      ['read', null, 'ok', [1]],
      ['add', 'x', 'ok', 'x'],
      ['read', null, 'ok', [1, 1, 'x']],
      ['add', 2, 'ok', 2],
    ),
  ).accounting
  expect(accountLines(set).map(({ what, items }) => `${what}: ${items}`)).toEqual([
    'duplicated: 1',
    'stale: 1 (missing for 1.0 ms)',
    'never read: 2',
  ])
})

test('the accounting of a counter lists an unexplained read with the range of allowed sums', () => {
  const read = historyOf(['add', 1, 'ok', 1], ['add', 2, 'info', 2], ['read', null, 'ok', 7])
  const counter = judged('counter', read).accounting
  expect(sumsText(counter)).toBe('2 additions tried, 1 acknowledged, 0 reads between the least and the greatest sum')
  expect(accountLines(counter)).toMatchObject([{ what: 'unexpected', items: ['7 (allowed: 1 to 3)'] }])
})

test('a sum that is too high is explained by a repeated addition, and a sum that is too low by a missing addition', () => {
  const causeOf = (sum: number): string | undefined => {
    const history = historyOf(['add', 5, 'ok', 5], ['add', 2, 'info', 2], ['read', null, 'ok', sum])
    const { report } = judged('counter', history)
    const verdict = report.levels['linearizable']
    if (verdict?.result !== 'violated') return undefined
    return causesOf({ report, history, counterexample: verdict.counterexample, near: [] })[0]?.cause
  }
  expect(causeOf(9)).toBe('An operation took effect twice.')
  expect(causeOf(1)).toBe('A sum lacked additions that other nodes had acknowledged.')
})

test('a read that returns a part of a written value is explained as a read of an unwritten value', () => {
  const causeOf = (value: string): string | undefined => {
    const history = historyOf(['write', 'one', 'ok', 'one'], ['write', 'two', 'ok', 'two'], ['read', null, 'ok', value])
    const report = check(history, judging('register'))
    const verdict = report.levels['linearizable']
    if (verdict?.result !== 'violated') return undefined
    return causesOf({ report, history, counterexample: verdict.counterexample, near: [] })[0]?.cause
  }
  expect(causeOf('tw')).toBe('A value was read that nobody had written.')
  expect(causeOf('one')).not.toBe('A value was read that nobody had written.')
})

test('if every addition was answered, a fault behind the service explains a sum that is too high', () => {
  const add = (p: number, from: number, to: number) => ({
    p,
    f: 'add',
    in: 1,
    from: ms(from),
    to: ms(to),
    node: 'bank',
  })
  const history = made([
    add(0, 1, 2),
    // The COMMIT of this addition succeeded, but its reply was lost, and the service made the addition again.
    add(1, 10, 200),
    add(2, 300, 301),
    { p: 0, f: 'read', out: 4, from: ms(400), to: ms(401), node: 'bank' },
  ])
  const { report } = judged('counter', history)
  const told = (from: number, to: number) => {
    const cut: Fault = { kind: 'partition', links: linksBetween([['bank'], ['postgres']]), mode: 'drop' }
    const faults = [{ id: 'f', fault: cut, from: ms(from), to: ms(to), hits: 1 }]
    const facts = factsOf({ history, report, run: summary({ report, faults }) })
    return {
      why: facts.why.text,
      cause: causesOf({ report, history, counterexample: facts.counterexample!, near: facts.near })[0]?.cause,
    }
  }
  expect(told(5, 150)).toEqual({
    why: expect.stringMatching(/^In force while something was added twice: .*, 0.005 s to 0.150 s\.$/),
    cause: 'An operation took effect twice.',
  })
  expect(told(250, 260).why).toBe(
    'No fault explains this: the system does it by itself. It looks as if an operation took effect twice.',
  )
})

test('a sum that is too high is explained by a fault that lost the answers of the database', () => {
  const history = made([
    { p: 0, f: 'add', in: 1, from: ms(100), node: 'n3' },
    { p: 1, f: 'read', out: 3, from: ms(200), to: ms(207), node: 'n1' },
  ])
  const { report } = judged('counter', history)
  const why = (fault: Fault, hits = 3): string =>
    factsOf({
      ...{ history, report },
      run: summary({ report, faults: [{ id: 'f', fault, from: ms(0), to: ms(200), hits }] }),
    }).why.text
  const lost: Fault = { kind: 'lose-commit-reply', nodes: ['pg'], share: 1 }
  expect(why(lost)).toMatch(/^In force while something was added twice: .*pg.*, 0.000 s to 0.200 s\.$/)
  expect(why({ kind: 'kill', nodes: ['pg'] })).toMatch(/^In force while something was added twice: pg killed/)
  expect(why(lost, 0)).toMatch(/^No fault explains this/)
})

test('a pause of another node during an addition is mentioned, but does not explain a sum that is too high', () => {
  const history = made([
    { p: 0, f: 'add', in: 1, from: ms(100), to: ms(150), node: 'n2' },
    { p: 1, f: 'read', out: 3, from: ms(300), to: ms(307), node: 'n2' },
  ])
  const { report } = judged('counter', history)
  const why = (from: number, to: number): string => {
    const faults = [{ id: 'f', fault: { kind: 'pause', nodes: ['n1'] } as Fault, from: ms(from), to: ms(to), hits: 1 }]
    return factsOf({ history, report, run: summary({ report, faults }) }).why.text
  }
  expect(why(50, 200)).toBe(
    'No fault on the involved nodes at that time explains this, but another fault may: n1 paused.',
  )
  expect(why(160, 200)).toMatch(/^No fault explains this/)
})
