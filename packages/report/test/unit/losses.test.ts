import { check, levels, UNKNOWN_START } from '@chaosproxy/checker'
import { type History, millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { type Made, made } from '../../../testing/src/timeline.ts'
import { causesOf } from '../../src/facts/causes.ts'
import { factsOf } from '../../src/facts/facts.ts'
import { renderHtml } from '../../src/html/page.ts'
import { lostText } from '../../src/losses/register.ts'
import { reproach } from '../../src/moments.ts'
import { operationText } from '../../src/operation-words.ts'
import { judge, now, titleOf } from '../judge.ts'

// The headline says what users lost, and claims no more than the record shows.

describe('the headline of a violation', () => {
  const write = (p: number, value: number, from: number, more: Partial<Made> = {}): Made => ({
    ...{ p, f: 'write', key: 'x', in: value, from: from * 1e6, to: (from + 5) * 1e6, node: 'n1' },
    ...more,
  })
  const read = (p: number, out: number, from: number, more: Partial<Made> = {}): Made => ({
    ...{ p, f: 'read', key: 'x', out, from: from * 1e6, to: (from + 5) * 1e6, node: 'n3' },
    ...more,
  })

  test('the headline names the nodes that ended with different values', () => {
    const open = { ...write(1, 1, 0), type: 'info' as const }
    const ends = [
      read(2, null as never, 50, { final: true, node: 'n1' }),
      read(3, null as never, 60, { final: true, node: 'n2' }),
      read(4, 1, 70, { final: true, node: 'n3' }),
      read(5, null as never, 80, { final: true, node: 'n1' }),
    ]
    expect(titleOf([open, ...ends], 'register')).toBe('At the end n3 answered another value of x than n1 and n2')
  })

  test('the headline names the client whose write is lost if no replica has the write', () => {
    const [end, other] = [read(3, 1, 50, { final: true }), read(4, 1, 60, { final: true, node: 'n1' })]
    const told = judge([write(1, 1, 0), write(2, 2, 10), end, other], 'register')
    expect(told.headline.title).toBe("p2's confirmed write to x is gone")
    expect(told.counterexample?.level).toBe('eventual')
    const oneAsked = judge([write(1, 1, 0), write(2, 2, 10), end], 'register')
    expect(oneAsked.headline.title).toBe("n3 ended without p2's confirmed write to x")
  })

  test('the headline does not call a write lost if only one node lacks it', () => {
    const end = read(3, null as never, 50, { final: true, node: 'n1' })
    expect(titleOf([write(2, 2, 10), end], 'register')).toBe("n1 answered without p2's confirmed write to x")
  })

  test('the headline reports no missing write for final reads that were called before the write returned', () => {
    const ends = [read(3, 1, 10, { final: true }), read(4, 2, 20, { final: true, node: 'n1' })]
    expect(titleOf([write(1, 1, 0), write(2, 2, 8, { to: 30e6 }), ...ends], 'register')).not.toMatch('ended without')
    expect(titleOf([write(1, 1, 0), write(2, 2, 50), ...ends], 'register')).not.toMatch('ended without')
  })

  test('the headline states that at least one write was lost if the last two writes overlapped', () => {
    const both = [write(1, 1, 0), write(2, 2, 10, { to: 19e6 }), write(3, 3, 11, { to: 20e6 })]
    const ends = [read(3, 1, 50, { final: true }), read(4, 1, 60, { final: true, node: 'n1' })]
    const { headline, report } = judge([...both, ...ends], 'register')
    expect(headline.title).toBe('At least 1 acknowledged write was lost')
    expect(lostText(report!.lost)).toBe('at least 1 of 2 last acknowledged writes in no final read')
  })

  test('the headline does not call a write lost if a node was not read at the end', () => {
    const both = [write(1, 1, 0), write(2, 2, 10, { to: 19e6 }), write(3, 3, 11, { to: 20e6 })]
    expect(titleOf([...both, read(3, 1, 50, { final: true })], 'register')).toBe(
      'At least 1 acknowledged write was in no final read',
    )
  })

  test('the headline names the stale node that answered without a confirmed write', () => {
    expect(titleOf([write(1, 1, 0), write(2, 2, 10), read(3, 1, 50)], 'register')).toBe(
      "p2's confirmed write was missing at n3",
    )
  })

  test('the headline states that a client did not see its own write', () => {
    expect(titleOf([write(1, 1, 0), write(2, 2, 10), read(2, 1, 50)], 'register')).toBe(
      'p2 did not see its own confirmed write',
    )
  })

  test('the headline names both readers if a later read misses a newer write that an earlier read had shown', () => {
    const unknown = write(2, 2, 10, { type: 'info' })
    expect(titleOf([write(1, 1, 0), unknown, read(3, 2, 20), read(4, 1, 50)], 'register')).toBe(
      'After p3 had read 2, p4 saw x go back to 1',
    )
    expect(titleOf([write(1, 1, 0), unknown, read(3, 2, 20), read(3, 1, 50)], 'register')).toBe(
      'p3 saw x go back from 2 to 1',
    )
  })

  test('the headline names two reads that saw writes in different orders, and blames neither write', () => {
    const both = [write(1, 1, 0), write(2, 2, 2)]
    const [older, newer] = [read(3, 1, 20), read(4, 2, 21)]
    const told = judge([...both, older, newer], 'register')
    expect(told.headline.title).toBe('p3 and p4 disagree about the last write to x')
    expect(told.counterexample?.sentence.match(/read \d|'s write of \d/g)).toEqual([
      'read 2',
      "'s write of 1",
      'read 1',
      "'s write of 2",
    ])
    expect(reproach(told.history, told.counterexample!)?.text).toMatch(
      /^write 1 was acknowledged .* this read began, and process 3 read 1 after write 2 was acknowledged$/,
    )
    const page = renderHtml({ history: told.history, report: told.report, title: 't', version: '1', historyFile: 'h' })
    expect(page).toContain('process 3 read 1 after write 2 was acknowledged')
    expect(page).not.toContain('could only be')
    expect(titleOf([...both, older, read(3, 2, 30)], 'register')).toBe('p3 did not always see the last write to x')
    expect(titleOf([...both, older, read(3, 1, 30)], 'register')).toBe('Linearizable')
  })

  test('the headline states that a read returned a value that nobody wrote or whose write failed', () => {
    const writes = [write(1, 1, 0), write(2, 2, 10)]
    const failed = write(4, 9, 12, { type: 'fail' })
    expect(titleOf([...writes, read(3, 9, 50)], 'register')).toBe('p3 read 9, which nobody had written')
    expect(titleOf([...writes, read(2, 9, 50)], 'register')).toBe('p2 read 9, which nobody had written')
    expect(titleOf([...writes, failed, read(3, 9, 50)], 'register')).toBe('p3 read a write that had failed')
  })

  test('the headline explains why causal allows a read of an older value after a newer write', () => {
    const causally = (last: Made): string => {
      const g = { key: 'g' }
      const known = [write(1, 1, 0, g), read(2, 1, 10, g), write(2, 2, 20, { key: 'f' }), read(3, 2, 30, { key: 'f' })]
      const { history, report } = judge([...known, write(3, 3, 40, g), last], 'register')
      const { headline } = factsOf({ history, report, requestedLevel: 'causal' })
      expect(headline.despite?.because).toBe(
        'it leaves real time out, so the g it read may count as newer than its own write',
      )
      expect(headline.beside).toBe(`read-your-writes is met all the same: ${headline.despite?.because}`)
      return headline.title
    }
    expect(causally(read(3, 1, 50, { key: 'g' }))).toBe('p3 read an older g than it had written itself')
    const reads = [write(1, 1, 0), read(2, 1, 10), write(2, 2, 20), read(3, 2, 30), read(3, 1, 40)]
    const { history, report } = judge(reads, 'register')
    expect(factsOf({ history, report, requestedLevel: 'causal' }).headline.title).toBe(
      'p3 read an older x than it knew of',
    )
  })

  test('the headline states that a change is lost if two clients changed the register from the same value', () => {
    const cas = (p: number, to: number, more: Partial<Made> = {}): Made =>
      write(p, to, 20, { f: 'cas', in: [1, to], ...more })
    expect(titleOf([write(1, 1, 0), cas(2, 5), cas(3, 7)], 'register')).toBe(
      'p2 and p3 both changed x from 1, and one change is lost',
    )
    // In the first case, p2 writes the value 1 again. In the second case, the outcome of p2's change is unknown.
    for (const fine of [
      [cas(2, 1), cas(3, 7)],
      [cas(2, 5, { type: 'info' }), cas(3, 7)],
    ])
      expect(titleOf([write(1, 1, 0), ...fine], 'register')).toBe('Linearizable')
  })

  test('the headline names the node that answered without a write, even if this node had confirmed the write', () => {
    const nothing = (node: string): Made => read(3, null as never, 50, { node })
    expect(titleOf([write(2, 2, 10), nothing('n1')], 'register')).toBe("n1 answered without p2's confirmed write")
    expect(titleOf([write(2, 2, 10), nothing('n3')], 'register')).toBe("p2's confirmed write was missing at n3")
  })

  test('the headline names the confirmed write that a cas did not see', () => {
    const cas = (p: number, from: number, at: number): Made => write(p, 9, at, { f: 'cas', in: [from, 9] })
    expect(titleOf([write(1, 1, 0), write(2, 2, 10), cas(3, 1, 50)], 'register')).toBe(
      "p3 changed x without seeing p2's confirmed write",
    )
    expect(titleOf([write(1, 1, 0), write(3, 2, 10), cas(3, 1, 50)], 'register')).toBe(
      'p3 changed x without seeing its own confirmed write',
    )
    const unknown = write(2, 2, 10, { type: 'info' })
    expect(titleOf([write(1, 1, 0), unknown, read(4, 2, 30), cas(3, 1, 50)], 'register')).toBe(
      'p3 changed x without seeing a write that p4 had already read',
    )
    // The cas may have taken effect before the write.
    expect(titleOf([write(1, 1, 0), write(2, 2, 50, { to: 60e6 }), cas(3, 1, 52)], 'register')).toBe('Linearizable')
  })

  test('the headline names the newer write if a read returned the initial value', () => {
    expect(titleOf([write(1, 1, 0), write(2, 2, 10), read(3, null as never, 50)], 'register')).toBe(
      "p2's confirmed write was missing at n3",
    )
  })
})

test('the headline of two different reads of an unwritten key mentions neither writes nor appends', () => {
  const read = (out: number, from: number): Made => ({ p: 1, f: 'read', key: 'x', out, from, to: from + 5 })
  const history = made([read(5, 0), read(6, 10)])
  const report = check(history, {
    ...{
      model: 'register',
      initial: UNKNOWN_START,
      levels: ['linearizable'],
      failedCas: 'drop',
      memoryBytes: 1e9,
      now,
    },
    deadlineMs: millis(60_000),
  } as never)
  expect(factsOf({ history, report }).headline.title).toBe('Not linearizable')
})

describe('the headline of a missing write', () => {
  const write: Made = { p: 0, f: 'write', key: 'x', in: 1, from: 1, to: 2, node: 'n1' }
  const read = (p: number, out: number | null, at: number): Made => ({
    ...{ p, f: 'read', key: 'x', out: out as never, from: at, to: at + 1, node: 'n1' },
  })

  test('the headline names the node that lacked a write, even if a later read returns the write', () => {
    expect(titleOf([write, read(1, null, 10)], 'register')).toBe("n1 answered without p0's confirmed write")
    expect(titleOf([write, read(1, null, 10), read(1, 1, 20)], 'register')).toBe(
      "n1 answered without p0's confirmed write",
    )
  })

  test("if clients are known only by connection, the headline does not call a write the reader's own", () => {
    const history = made([write, { ...read(1, null, 10), node: 'n2' }])
    const unnamed = {
      ...history,
      header: { chaos: 1 as const, sessions: { by: 'connection', named: false } },
      hasSessions: true,
      sessionOf: () => -1,
    } as never as History
    const options = { model: 'register', initial: null, levels, failedCas: 'drop', memoryBytes: 1e9, now }
    const report = check(unnamed, { ...options, deadlineMs: millis(60_000) } as never)
    expect(factsOf({ history: unnamed, report }).headline.title).toBe("p0's confirmed write was missing at n2")
  })
})

test('a report on one requested level has a headline about that level, even if a message was lost', () => {
  const { history, report } = judge(
    [
      { p: 1, f: 'enqueue', key: 'q', in: 1, from: 0, to: 5 },
      { p: 2, f: 'drain', key: 'q', out: [], from: 10, to: 15 },
    ],
    'queue',
  )
  expect(factsOf({ history, report, requestedLevel: 'linearizable', isAboutLevel: true }).headline.title).toBe(
    'Not linearizable',
  )
})

describe('the headline of a list violation', () => {
  const append = (p: number, value: number, type: 'ok' | 'info' = 'ok'): Made => ({
    ...{ p, f: 'append', key: 'k', in: value, type, from: p * 10, to: p * 10 + 5 },
  })
  const read = (p: number, out: number[]): Made => ({ p, f: 'read', key: 'k', out, from: p * 10, to: p * 10 + 5 })

  test('the headline of a list violation counts the acknowledged appends that a read missed', () => {
    expect(titleOf([append(1, 1), append(2, 2), append(3, 3), read(4, [1])], 'list-append')).toBe(
      'A read of list k missed 2 acknowledged appends',
    )
  })

  test('the headline of a list counts a missed append of unknown outcome only if an earlier read had it', () => {
    const lost = [append(1, 1), append(2, 2, 'info'), read(3, [1])]
    expect(titleOf(lost, 'list-append')).toBe('Linearizable')
    expect(titleOf([append(1, 1), append(2, 2, 'info'), read(3, [1, 2]), read(4, [1])], 'list-append')).toBe(
      'A read of list k missed 1 element that p3 had already read',
    )
  })
})

describe('the report of a violation', () => {
  const send = (p: number, value: number, offset: number): Made => ({
    ...{ p, f: 'send', key: 'k', in: value, out: offset, from: p * 10, to: p * 10 + 5 },
  })
  const poll = (p: number, offset: number, out: number[]): Made => ({
    ...{ p, f: 'poll', key: 'k', in: { offset, limit: 2 }, out, from: p * 10, to: p * 10 + 5 },
  })

  test('the report of a log violation names an offset that was assigned to two messages', () => {
    const { headline, history } = judge([send(1, 101, 0), send(2, 102, 1), send(3, 103, 1)], 'log')
    expect(headline.title).toBe('Offset 1 of log k was given to two messages')
    expect(operationText(history, 2, { withKey: false })).toContain('ok, offset 1')
  })

  test('the report of a log violation counts a missed message only if it is in the range of the poll', () => {
    const sent = [send(1, 101, 0), send(2, 102, 1), send(3, 103, 2)]
    expect(titleOf([...sent, poll(4, 0, [])], 'log')).toBe('A poll of log k missed 2 acknowledged messages')
    expect(titleOf([...sent, poll(4, 0, [101, 102])], 'log')).toBe('Linearizable')
  })

  test('the report of a log violation counts a message that a poll skipped, even if the offsets have gaps', () => {
    const sent = [send(1, 101, 10), send(2, 102, 20), send(3, 103, 30)]
    expect(titleOf([...sent, poll(4, 0, [101, 103])], 'log')).toBe('A poll of log k missed 1 acknowledged message')
    expect(titleOf([...sent, poll(4, 15, [102, 103])], 'log')).toBe('Linearizable')
    const other = [
      [10, 101],
      [20, 999],
    ]
    expect(titleOf([...sent, poll(4, 0, other as never)], 'log')).toBe(
      'Offset 20 of log k holds another message than was acknowledged',
    )
  })
})

test('two clients disagree if they read two writes in opposite orders, even if one write is unfinished', () => {
  const history = made([
    { p: 7, f: 'write', key: 'f', in: 46, from: 0, to: 10, node: 'n4' },
    { p: 5, f: 'write', key: 'f', in: 53, from: 5, to: 90, node: 'n2' },
    { p: 8, f: 'read', key: 'f', out: 53, from: 40, to: 45, node: 'n1' },
    { p: 9, f: 'read', key: 'f', out: 46, from: 50, to: 55, node: 'n2' },
  ])
  const report = check(history, {
    ...{ model: 'register', initial: null, levels, failedCas: 'drop', deadlineMs: millis(60_000) },
    ...{ memoryBytes: 1e9, now },
  } as never)
  expect(factsOf({ history, report }).headline.title).toBe('p8 and p9 disagree about the last write to f')
})

test('a confirmed write is called missing if a later read returns an older value than another read had returned', () => {
  const history = made([
    { p: 10, f: 'write', key: 'x', in: 168, from: 0, to: 70, node: 'n3' },
    { p: 4, f: 'read', key: 'x', out: 168, from: 20, to: 25, node: 'n1' },
    { p: 0, f: 'write', key: 'x', in: 216, from: 60, to: 65, node: 'n1' },
    { p: 11, f: 'read', key: 'x', out: 168, from: 75, to: 80, node: 'n4' },
  ])
  const report = check(history, {
    ...{ model: 'register', initial: null, levels, failedCas: 'drop', deadlineMs: millis(60_000) },
    ...{ memoryBytes: 1e9, now },
  } as never)
  expect(factsOf({ history, report }).headline.title).toBe("p0's confirmed write was missing at n4")
})

test.each([
  ['both were under way at once', [0, 5], [4, 9], true],
  ['one ended before the other began', [0, 5], [6, 9], false],
] as const)('a report says that two operations overlapped only if it is true: %s', (_, [a, b], [c, d], isTold) => {
  const history = made([
    { p: 1, f: 'cas', in: [1, 2], from: a, to: b, node: 'n1' },
    { p: 2, f: 'cas', in: [1, 3], from: c, to: d, node: 'n2' },
    // This operation is not part of the contradiction.
    { p: 3, f: 'cas', in: [4, 5], from: 0, to: 99, node: 'n2' },
  ])
  const operations = [...history.operations.process].flatMap((process, operation) =>
    history.processName(process) === '3' ? [] : [{ operation, role: 'core' }],
  )
  const causes = causesOf({
    ...{ history, near: [], report: { model: 'register', lost: [], levels: {} } as never },
    counterexample: { operations, keys: [], level: 'linearizable', sentence: '' } as never,
  })
  expect(causes.map(({ cause }) => cause)).toEqual(
    isTold ? ['The operations overlapped, and no order of them explains the answers.'] : [],
  )
})
