import { check, levels } from '@chaosproxy/checker'
import { type History, type Json, millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { type Made, made } from '../../../testing/src/timeline.ts'
import { factsOf } from '../../src/facts/facts.ts'
import { renderHtml } from '../../src/html/page.ts'
import { renderPicture } from '../../src/html/picture.ts'
import type { Sheet } from '../../src/sheets/sheet.ts'
import { sheetLines } from '../../src/terminal/drawing.ts'
import { plainStyle, symbolsOf } from '../../src/terminal/style.ts'

// Tests the tables of contradictions, which are laid out once for terminals and pages.

interface Judged {
  readonly sheet: Sheet | undefined
  /** The rows of the table, with ✘ after each cell that contradicts others. */
  readonly rows: readonly (readonly string[])[] | undefined
  readonly terminal: readonly string[] | undefined
  readonly page: string
  readonly picture: string
}

function judge(operations: readonly Made[], model: string, initial: Json = null): Judged {
  const bare = made(operations)
  const header = { chaos: 1 as const, model, ...(initial === null ? {} : { initial }) }
  const history: History = { ...bare, header } as History
  const report = check(history, {
    ...{ model, initial, levels, failedCas: 'drop', memoryBytes: 1e9, now: () => millis(performance.now()) },
    deadlineMs: millis(60_000),
  } as never)
  const about = { history, report, title: 'a run', version: '0', historyFile: 'history.jsonl' }
  const sheet = factsOf({ history, report }).violations[0]?.sheet
  return {
    sheet,
    rows: sheet?.rows.map(({ cells, wrong }) => cells.map((cell, i) => (wrong?.includes(i) ? `${cell} ✘` : cell))),
    terminal:
      sheet === undefined
        ? undefined
        : sheetLines(sheet, { width: 76, style: plainStyle, symbols: symbolsOf({ width: 80, unicode: true }) }),
    page: renderHtml(about),
    picture: renderPicture(about),
  }
}

const at = (from: number): Pick<Made, 'from' | 'to'> => ({ from: from * 1e6, to: (from + 5) * 1e6 })
const read = (p: number, out: Json, from: number, more: Partial<Made> = {}): Made => ({
  ...{ p, f: 'read', out, ...at(from), node: 'n1' },
  ...more,
})

describe('the table about an overdrawn account', () => {
  const transfer = (p: number, amount: number, from: number, more: Partial<Made> = {}): Made => ({
    ...{ p, f: 'transfer', in: { from: 'a', to: 'b', amount }, ...at(from), node: `n${p}` },
    ...more,
  })
  const spent = [transfer(1, 60, 0), transfer(2, 70, 2)]
  const told = judge([...spent, read(3, { a: -30, b: 130 }, 20)], 'bank', { a: 100, b: 0 })

  test('the table about an overdrawn account lists each operation, and marks the balance below zero', () => {
    expect(told.sheet?.title).toBe('Account a, in the order in which operations were acknowledged')
    expect(told.rows).toEqual([
      ['', '', 'opened with', '', '', '100'],
      ['0.005 s', 'p1', 'to b', 'n1', '-60', '40'],
      ['0.007 s', 'p2', 'to b', 'n2', '-70', '-30 ✘'],
      ['0.025 s', 'p3', 'read ✘', 'n1', '', '-30 ✘'],
    ])
  })

  test('the table about an overdrawn account includes transfers without an answer, but not retries', () => {
    const sent = (p: number, id: number, more: Partial<Made> = {}): Made =>
      transfer(p, 60, 10 * p, { in: { from: 'a', to: 'b', amount: 60, id }, ...more })
    const operations = [sent(1, 1), sent(2, 1, { type: 'info' }), sent(3, 2, { type: 'info' })]
    const { rows } = judge([...operations, read(4, { a: -20, b: 120 }, 60)], 'bank', { a: 100, b: 0 })
    expect(rows?.slice(1)).toEqual([
      ['0.015 s', 'p1', 'to b', 'n1', '-60', '40'],
      ['', '', '1 in progress or unknown', '', '-60 to 0', ''],
      ['0.065 s', 'p4', 'read ✘', 'n1', '', '-20 ✘'],
    ])
  })

  test('the table about an overdrawn account fits a terminal of 80 columns', () => {
    expect(told.terminal).toEqual([
      'Account a, in the order in which operations were acknowledged',
      '  acknowledged  client  what         node  change  balance',
      '                        opened with                    100',
      '  0.005 s       p1      to b         n1       -60       40',
      '✘ 0.007 s       p2      to b         n2       -70      -30',
      '✘ 0.025 s       p3      read         n1                -30',
    ])
  })

  test('the table about an account links to the timeline on the page, and is plain text in the picture', () => {
    expect(told.page).toContain('<caption>Account a, in the order in which operations were acknowledged</caption>')
    expect(told.page).toMatch(/<a href="#op=\d+" title="Show it in the timeline">0\.007 s<\/a>/)
    expect(told.page).toContain('<span class="why-bad">-30 ✘</span>')
    expect(told.page).not.toContain('<svg class="why-svg"')
    expect(told.picture).toMatch(/class="command violated"[^>]*>✘ 0\.007 s/)
  })

  test('the table about an overdrawn account combines the earliest operations into one row', () => {
    const more = Array.from({ length: 8 }, (_, i) =>
      transfer(10 + i, 5, 20 * i, { in: { from: 'a', to: 'b', amount: 5 } }),
    )
    const long = judge([...more, transfer(1, 60, 200), transfer(2, 70, 202)], 'bank', { a: 100, b: 0 })
    expect(long.rows?.slice(0, 3)).toEqual([
      ['', '', 'opened with', '', '', '100'],
      ['', '', '4 earlier', '', '-20', '80'],
      ['0.085 s', 'p14', 'to b', 'n14', '-5', '75'],
    ])
    expect(long.rows?.at(-1)).toEqual(['0.207 s', 'p2', 'to b', 'n2', '-70', '-70 ✘'])
  })

  test('the table about an account counts a transfer once even if two requests with its id sent it', () => {
    const same = (p: number, from: number): Made =>
      transfer(p, 60, from, { in: { from: 'a', to: 'b', amount: 60, id: 1 } })
    const sent = judge([same(1, 0), same(2, 10), transfer(3, 50, 20)], 'bank', { a: 100, b: 0 })
    expect(sent.rows?.map((row) => row.at(-1))).toEqual(['100', '40', '-10 ✘'])
  })
})

test('a read of accounts that lacks a transfer is shown next to the acknowledged balances', () => {
  const transfer: Made = { p: 1, f: 'transfer', in: { from: 'a', to: 'b', amount: 4 }, ...at(0), node: 'n1' }
  const open: Made = { ...transfer, p: 2, in: { from: 'c', to: 'a', amount: 1 }, from: 18e6, to: 40e6 }
  const told = judge([transfer, open, read(3, { a: 10, b: 0, c: 9 }, 20, { node: 'n2' })], 'bank', { a: 9, b: 0, c: 9 })
  expect(told.sheet?.title).toBe('What p3 read from n2 at 0.020 s, against what had been acknowledged')
  expect(told.rows).toEqual([
    ['a', '9', '-4 in 1', '5 to 6', '10 ✘', '+4 ✘'],
    ['b', '0', '+4 in 1', '4', '0 ✘', '-4 ✘'],
    ['c', '9', 'nothing', '8 to 9', '9', ''],
    ['all', '18', '', '18', '19', '+1'],
  ])
})

test('a read that lacks the account of an acknowledged transfer shows that account as empty', () => {
  const transfer: Made = { p: 1, f: 'transfer', in: { from: 'a', to: 'c', amount: 4 }, ...at(0) }
  const told = judge([transfer, read(3, { a: 5 }, 20)], 'bank', { a: 9 })
  expect(told.rows).toEqual([
    ['a', '9', '-4 in 1', '5', '5', ''],
    ['c', '0', '+4 in 1', '4', '0 ✘', '-4 ✘'],
    ['all', '9', '', '9', '5', '-4'],
  ])
})

describe('the table about a counter with missing additions', () => {
  const add = (p: number, amount: number, from: number, more: Partial<Made> = {}): Made => ({
    ...{ p, f: 'add', key: 'c', in: amount, ...at(from), node: `n${p}` },
    ...more,
  })
  const told = judge(
    [add(1, 3, 0), add(2, 4, 10), add(1, 1, 30), add(4, 2, 38, { type: 'info' }), read(3, 4, 40, { key: 'c' })],
    'counter',
  )

  test('the table about a counter shows the acknowledged sum of each node, the total, and the difference to the read', () => {
    expect(told.sheet?.title).toBe('Counter c: what each node had acknowledged, and what was read')
    expect(told.rows).toEqual([
      ['n1', '0.035 s', '2', '+4'],
      ['n2', '0.015 s', '1', '+4'],
      ['in all', '', '3', '8'],
      ['in progress or unknown', '', '1', '0 to +2'],
      ['read by p3 from n1 ✘', '0.040 s', '4 too few ✘', '4 ✘'],
    ])
  })

  test('the table about a counter fits a terminal of 80 columns', () => {
    expect(told.terminal).toEqual([
      'Counter c: what each node had acknowledged, and what was read',
      '  node                    last acknowledged  additions      sum',
      '  n1                      0.035 s                    2       +4',
      '  n2                      0.015 s                    1       +4',
      '  in all                                             3        8',
      '  in progress or unknown                             1  0 to +2',
      '✘ read by p3 from n1      0.040 s            4 too few        4',
    ])
  })

  test('the table about a counter does not mark a read as wrong for a rounding difference', () => {
    const last = (p: number, out: number, node: string): Made => read(p, out, 40 + p, { key: 'c', node, final: true })
    const ended = judge([add(1, 0.1, 0), add(2, 0.2, 10), last(3, 0.1 + 0.2, 'n1'), last(4, 7, 'n2')], 'counter')
    expect(ended.rows?.find(([name]) => name?.startsWith('read by p3'))).toEqual([
      ...['read by p3 from n1', '0.043 s', '', '0.3'],
    ])
  })

  test('the table about a counter includes the final reads that lack the lost additions', () => {
    const last = (p: number, out: number, key: string, node: string): Made =>
      read(p, out, 40 + p, { key, node, final: true })
    const additions = [add(1, 3, 0), add(2, 4, 10), add(1, 5, 0, { key: 'd' })]
    const reads = [last(3, 3, 'c', 'n1'), last(4, 4, 'c', 'n2'), last(5, 4, 'd', 'n1'), last(6, 4, 'd', 'n2')]
    const ended = judge([...additions, ...reads], 'counter')
    expect(ended.page).toContain('The counters lost 4 of the sum')
    expect(ended.rows?.slice(3)).toEqual([
      ['read by p3 from n1 ✘', '0.043 s', '4 too few ✘', '3 ✘'],
      ['read by p4 from n2', '0.044 s', '3 too few ✘', '4 ✘'],
      ['the other counters', '', '1 too few', ''],
    ])
  })

  test('the table about a counter shows by how much a read is lower than an earlier read', () => {
    const reads = [read(5, 9, 39, { key: 'c', to: 40e6 }), read(3, 8, 41, { key: 'c' })]
    const again = judge(
      [add(1, 3, 0), add(2, 5, 10), add(4, 2, 38, { type: 'info' }), add(6, 1, 38, { type: 'info' }), ...reads],
      'counter',
    )
    expect(again.rows?.slice(-2).map(([name, , off, sum]) => [name, off, sum])).toEqual([
      ['read by p5 from n1', '', '9'],
      ['read by p3 from n1 ✘', '1 too few ✘', '8 ✘'],
    ])
  })

  test('the table about a counter shows the newest additions if there is a single node', () => {
    const one = judge([add(1, 3, 0), add(2, 4, 10, { node: 'n1' }), read(3, 3, 40, { key: 'c' })], 'counter')
    expect(one.rows?.map(([name, , , sum]) => [name, sum])).toEqual([
      ['p1', '+3'],
      ['p2', '+4'],
      ['in all', '7'],
      ['read by p3 from n1 ✘', '3 ✘'],
    ])
  })
})

describe('the table about replicas that disagree at the end', () => {
  const write = (p: number, value: number, from: number, key = 'x'): Made => ({
    ...{ p, f: 'write', key, in: value, ...at(from), node: 'n1' },
  })
  const final = (node: string, out: Json, from: number, key = 'x'): Made =>
    read(9, out, from, { key, node, final: true })
  const told = judge(
    [write(1, 1, 0), write(2, 2, 10), final('n1', 2, 50), final('n2', 2, 60), final('n3', 1, 70)],
    'register',
  )

  test('the table about replicas shows the last acknowledged write next to the values of all replicas', () => {
    expect(told.sheet?.columns.map(({ title }) => title)).toEqual(['key', 'last acknowledged', 'n1', 'n2', 'n3'])
    expect(told.rows).toEqual([['x', '2 by p2 at 0.015 s, n1', '2', '2', '1 ✘']])
    expect(told.page).toContain('n3 ended without p2&#39;s confirmed write to x')
  })

  test('the table about replicas fits a terminal of 80 columns', () => {
    expect(told.terminal).toEqual([
      'What each node answered at the end',
      '  key  last acknowledged       n1  n2  n3',
      '✘ x    2 by p2 at 0.015 s, n1   2   2   1',
    ])
  })

  test('the table about replicas names an acknowledged write that all replicas lack', () => {
    const lost = judge([write(1, 1, 0), write(2, 2, 10), final('n1', 1, 50), final('n2', 1, 60)], 'register')
    expect(lost.rows).toEqual([['x', '2 by p2 at 0.015 s, n1', '1 ✘', '1 ✘']])
  })

  test('the table about replicas lists at most four keys', () => {
    const ends = ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((key, i) => [
      write(1, 1, 10 * i, key),
      write(1, 2, 100 + 10 * i, key),
      final('n1', 1, 200 + 10 * i, key),
      final('n2', 1, 300 + 10 * i, key),
    ])
    const many = judge(ends, 'register')
    expect(many.rows?.map(([key]) => key)).toHaveLength(5)
    expect(many.rows?.at(-1)).toEqual(['', '2 more keys'])
  })
})

describe('the table about a repeated message', () => {
  const taken = (p: number, from: number): Made => ({
    ...{ p, f: 'dequeue', key: 'q', out: 5, from: from * 1e6, to: (from + 3) * 1e6, node: `n${p}` },
  })
  const sent: Made = { p: 0, f: 'enqueue', key: 'q', in: 5, ...at(0), node: 'n1' }
  const told = judge([sent, taken(1, 10), taken(2, 20), taken(3, 30)], 'queue')

  test('the table about a repeated message lists the sender and every client that received the message', () => {
    expect(told.sheet?.title).toBe('The life of message 5 in queue q')
    expect(told.rows?.map((row) => row.slice(2).join(' '))).toEqual([
      'p0 enqueue 5 n1 acknowledged',
      'p1 was given 5 n1 ok',
      'p2 ✘ was given 5 ✘ n2 ✘ ok',
      'p3 was given 5 n3 ok',
    ])
  })

  test('the table about a repeated message fits 80 columns in a terminal, and has a time axis on a page', () => {
    expect(told.terminal?.[4]).toBe('✘ 0.020 s  0.023 s   p2      was given 5  n2    ok')
    expect(told.page).toContain('<svg class="why-svg"')
  })
})

describe('the table about a violation', () => {
  const add: Made = { p: 0, f: 'add', key: 's', in: 5, ...at(0), node: 'n1' }
  const final = (p: number, node: string, from: number): Made => read(p, [], from, { key: 's', node, final: true })
  const told = judge(
    [add, read(1, [5], 10, { key: 's' }), read(2, [5], 20, { key: 's' }), final(3, 'n1', 50), final(4, 'n2', 60)],
    'set',
  )

  test('the table about a lost element lists who added it, its first and last read, and the final reads', () => {
    expect(told.sheet?.title).toBe('The life of element 5 of set s')
    expect(told.rows?.map((row) => row.slice(2, 5).join(' '))).toEqual([
      'p0 add 5 n1',
      'p1 first read with it n1',
      'p2 last read with it n1',
      'p3 ✘ final read without it ✘ n1 ✘',
      'p4 ✘ final read without it ✘ n2 ✘',
    ])
  })

  test('the table about a lost element fits a terminal of 80 columns', () => {
    expect(told.terminal?.[4]).toBe('  0.020 s  0.025 s   p2      last read with it      n1    ok')
    expect(told.terminal?.[5]).toBe('✘ 0.050 s  0.055 s   p3      final read without it  n1    ok')
  })

  test('the table about a lost element states that no read ever contained it', () => {
    expect(judge([add, final(3, 'n1', 50)], 'set').sheet?.title).toBe('The life of element 5 of set s, seen by no read')
  })

  test('the table about a set in EDN format names the element that the read lacks', () => {
    const others = [1, 2].map((element): Made => ({ ...add, in: element, p: element }))
    const { sheet, rows } = judge([...others, add, read(3, { '#{}': [1, 2] }, 50, { key: 's' })], 'set')
    expect(sheet?.title).toBe('The life of element 5 of set s, seen by no read')
    expect(rows?.at(-1)?.slice(2, 4)).toEqual(['p3 ✘', 'read without it ✘'])
  })

  test.each([[[5, 7]], [{ '#{}': [5, 7] }]])(
    'the table about a set names the element in %j that nobody added',
    (shown) => {
      const unknown: Made = { ...add, p: 2, in: 6, type: 'info' }
      const { sheet, rows } = judge([add, unknown, read(3, shown, 50, { key: 's' })], 'set')
      expect(sheet?.title).toBe('The life of element 7 of set s, added by nobody')
      expect(rows?.map((row) => row.slice(2, 4))).toEqual([['p3 ✘', 'read with it ✘']])
    },
  )
})

test('the table about a lock that two clients held lists when each client held it', () => {
  const lock = (p: number, f: string, from: number, more: Partial<Made> = {}): Made => ({
    ...{ p, f, key: 'L', from: from * 1e6, to: (from + 2) * 1e6, node: `n${p}` },
    ...more,
  })
  const told = judge(
    [
      lock(1, 'acquire', 0, { out: 33 }),
      lock(2, 'acquire', 40, { out: 34 }),
      lock(1, 'release', 60),
      lock(2, 'release', 80),
    ],
    'lock',
  )
  expect(told.terminal).toEqual([
    'Who held lock L',
    '  client  given    released  node  token',
    '✘ p1      0.002 s  0.060 s   n1    33',
    '✘ p2      0.042 s  0.080 s   n2    34',
  ])
  expect(told.page).toContain('<svg class="why-svg"')
})

test('the headline of a set violation names the missing element and the node that lacked it', () => {
  const add: Made = { p: 1, f: 'add', key: 's', in: 5, ...at(0), node: 'n1' }
  const told = judge([add, read(2, [], 10, { key: 's', node: 'n2' }), read(3, [5], 20, { key: 's' })], 'set')
  expect(told.page).toContain('>p1&#39;s confirmed 5 was missing at n2</h1>')
})

test('the table about a message does not show a dequeue of unknown outcome as "found it empty"', () => {
  const { rows } = judge(
    [
      { p: 1, f: 'enqueue', key: 'q', in: 1, node: 'n1', ...at(0) },
      { p: 2, f: 'dequeue', key: 'q', type: 'info', node: 'n1', ...at(10) },
      { p: 3, f: 'dequeue', key: 'q', out: 1, node: 'n1', ...at(20) },
      { p: 4, f: 'dequeue', key: 'q', out: 1, node: 'n1', ...at(30) },
      { p: 5, f: 'dequeue', key: 'q', out: null, node: 'n1', ...at(40) },
    ],
    'queue',
  )
  expect(rows?.some((cells) => cells.includes('unknown') && cells.includes('found it empty'))).toBe(false)
})
