import { check, levels, UNKNOWN_START } from '@chaosproxy/checker'
import { type History, millis } from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Made, made } from '../../../testing/src/timeline.ts'
import { accountLines } from '../../src/accounting-words.ts'
import { causesOf } from '../../src/facts/causes.ts'
import { factsOf } from '../../src/facts/facts.ts'
import { changeText, gapOf } from '../../src/facts/gap.ts'
import { storyOf } from '../../src/facts/violation-words.ts'
import { renderHtml } from '../../src/html/page.ts'
import { lostText } from '../../src/losses/register.ts'
import { reproach } from '../../src/moments.ts'
import { operationText } from '../../src/operation-words.ts'

// The headline says what users lost, and claims no more than the record shows.

const now = () => millis(performance.now())

function judge(operations: readonly Made[], model: string) {
  const history: History = made(operations)
  const report = check(history, {
    model,
    initial: null,
    levels,
    failedCas: 'drop',
    deadlineMs: millis(60_000),
    memoryBytes: 1e9,
    now,
  } as never)
  return { ...factsOf({ history, report }), history, report }
}

const titleOf = (operations: readonly Made[], model: string): string => judge(operations, model).headline.title

describe('the headline of a queue violation', () => {
  const enqueue = (at: number, value: number, type: 'ok' | 'info' = 'ok'): Made => ({
    ...{ p: at, f: 'enqueue', key: 'q', in: value, type, from: at * 10, to: at * 10 + 5 },
  })
  const drain = (at: number, out: number[]): Made => ({
    p: at,
    f: 'drain',
    key: 'q',
    out,
    from: at * 10,
    to: at * 10 + 5,
  })

  test('the headline of a queue violation counts the lost acknowledged messages', () => {
    expect(titleOf([enqueue(1, 1), enqueue(2, 2), enqueue(3, 3), drain(4, [2])], 'queue')).toBe(
      '2 acknowledged messages were lost',
    )
  })

  test('the headline of a queue violation counts only acknowledged messages as lost', () => {
    expect(titleOf([enqueue(1, 1), enqueue(2, 2, 'info'), drain(4, [])], 'queue')).toBe(
      '1 acknowledged message was lost',
    )
  })

  test('the headline says "At least 1" if dequeues of unknown outcome explain only some missing messages', () => {
    const taken: Made = { p: 9, f: 'dequeue', key: 'q', type: 'info', from: 35, to: 36 }
    expect(titleOf([enqueue(1, 1), enqueue(2, 2), taken, drain(4, [])], 'queue')).toBe(
      'At least 1 acknowledged message was lost',
    )
  })

  test('the headline of a queue violation names the loss above the verdict on the violated level', () => {
    const { shown, headline } = judge([enqueue(1, 1), enqueue(2, 2), drain(4, [2])], 'queue')
    expect(headline.verdict).toBe('Not linearizable')
    expect(shown?.sentence).toContain('never came out')
  })

  const dequeue = (p: number, out: number | null, from: number, to: number): Made => ({
    ...{ p, f: 'dequeue', key: 'q', out, from, to },
  })

  test('the headline of a queue violation states that the queue was found empty while it held messages', () => {
    const overlapping = [enqueue(1, 1), enqueue(3, 3), dequeue(7, null, 20, 60), dequeue(8, 1, 40, 45)]
    expect(titleOf([...overlapping, dequeue(9, 3, 70, 75)], 'queue')).toBe(
      'Queue q was found empty while it held messages',
    )
    expect(titleOf([enqueue(1, 1), dequeue(7, null, 20, 60), dequeue(8, 1, 40, 45)], 'queue')).toBe('Linearizable')
  })

  test('the headline of a queue violation names a message that was delivered twice', () => {
    const sent = [enqueue(1, 1), enqueue(2, 2)]
    expect(titleOf([...sent, dequeue(7, 1, 30, 35), dequeue(8, 1, 40, 45), dequeue(9, 2, 50, 55)], 'queue')).toBe(
      'Message 1 was handed out twice',
    )
  })

  test('the headline names two messages delivered in the wrong order, unless the model is a bag', () => {
    const changed = [enqueue(1, 1), enqueue(2, 2), dequeue(7, 2, 30, 35), dequeue(8, 1, 40, 45)]
    expect(titleOf(changed, 'queue')).toBe('Queue q handed out 2 before 1, which was sent first')
    expect(titleOf(changed, 'bag')).toBe('Linearizable')
  })

  test('the counterexample of a queue omits dequeues of unknown outcome if known dequeues explain the violation', () => {
    const unknown = (p: number, from: number): Made => ({
      ...{ p, f: 'dequeue', key: 'q', type: 'info', from, to: from + 1 },
    })
    const changed = [enqueue(1, 1), enqueue(2, 2), dequeue(7, 2, 30, 35), dequeue(8, 1, 40, 45)]
    const { shown } = judge([...changed, unknown(20, 25), unknown(21, 60), unknown(22, 70)], 'queue')
    expect(shown?.operations.map(({ role }) => role)).toEqual(['core', 'core', 'core', 'core'])
  })

  test('the headline names a message that the last drain delivered again, and blames the first dequeue', () => {
    const taken: Made = { p: 7, f: 'dequeue', key: 'q', out: 1, from: 30, to: 35, node: 'n1' }
    const operations = [enqueue(1, 1), enqueue(2, 2), taken, drain(5, [1, 2])]
    const { headline, shown, history } = judge(operations, 'queue')
    expect(headline.title).toBe('Message 1 was handed out twice')
    expect(reproach(history, shown!)?.text).toBe('process 7 had been given 1')
    const { ignored } = gapOf(history, shown!)
    expect(changeText(history, ignored!)).toBe("p7's dequeue of 1")
  })

  test('the page of a queue violation draws no interval between overlapping dequeues of one message', () => {
    const taken = (p: number, from: number, to: number): Made => ({
      p,
      f: 'dequeue',
      key: 'q',
      out: 1,
      from,
      to,
      node: 'n1',
    })
    const { history, report } = judge([enqueue(1, 1), taken(7, 30, 50), taken(8, 40, 60)], 'queue')
    const page = renderHtml({ history, report: report!, title: 't', version: '1', historyFile: 'h' })
    expect(page).not.toMatch(/>-[\d.]+ \S+ later</)
    expect(page).toContain('>meanwhile<')
  })

  test('the headline of a queue violation counts the messages that were delivered more than once', () => {
    const again = [dequeue(7, 1, 30, 35), dequeue(8, 2, 40, 45), dequeue(7, 1, 50, 55), dequeue(8, 2, 60, 65)]
    expect(titleOf([enqueue(1, 1), enqueue(2, 2), ...again], 'queue')).toBe('2 messages were handed out more than once')
  })

  test('the headline of a queue counts exactly the losses that a search over all unknown dequeues finds', () => {
    const run = fc.array(
      fc.record({ what: fc.constantFrom('enqueue', 'dequeue'), type: fc.constantFrom('ok', 'ok', 'info', 'fail') }),
      { minLength: 1, maxLength: 12 },
    )
    const property = fc.property(run, fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), (steps, kept) => {
      const operations: Made[] = []
      const inside: number[] = []
      for (const [i, { what, type }] of steps.entries()) {
        const at = { p: i, key: 'q', type: type as 'ok', from: i * 10, to: i * 10 + 5 }
        if (what === 'enqueue') {
          operations.push({ ...at, f: 'enqueue', in: i })
          if (type === 'ok') inside.push(i)
        } else operations.push({ ...at, f: 'dequeue', ...(type === 'ok' ? { out: inside.shift() ?? null } : {}) })
      }
      const out = inside.filter((value) => kept[value])
      operations.push({ p: 99, f: 'drain', key: 'q', out, from: 1000, to: 1005 })
      const missing = inside.length - out.length
      const takers = operations.filter(({ f, type }) => f === 'dequeue' && type === 'info').length
      // The dequeues of unknown outcome may have taken any of the missing messages. The others are certainly lost.
      const least = Math.max(0, missing - takers)
      const { headline, report } = judge(operations, 'queue')
      const what = `${least} acknowledged message${least === 1 ? ' was' : 's were'} lost`
      if (report.levels.linearizable.result !== 'violated') expect(least).toBe(0)
      else if (least === 0) expect(headline.title).not.toContain('lost')
      else expect(headline.title).toBe(least < missing ? `At least ${what}` : what)
    })
    fc.assert(property, { numRuns: 300 })
  })
})

describe('the headline of a counter violation', () => {
  const add = (at: number, type: 'ok' | 'info' | 'fail' = 'ok'): Made => ({
    ...{ p: at, f: 'add', key: 'c', in: 1, type, from: at * 10, to: at * 10 + 5 },
  })
  const read = (at: number, out: number, final = true): Made => ({
    ...{ p: at, f: 'read', key: 'c', out, final, from: at * 10, to: at * 10 + 5 },
  })

  test('the headline of a counter counts the lost additions if the final read is below the acknowledged sum', () => {
    expect(titleOf([add(1), add(2), add(3), read(4, 1), read(5, 1)], 'counter')).toBe('The counter lost 2 additions')
  })

  test('the headline of a counter does not count an addition as lost if one node still has it', () => {
    expect(titleOf([add(1), add(2), add(3), read(4, 1), read(5, 3)], 'counter')).toBe(
      '1 read missed acknowledged additions',
    )
  })

  test('the headline of a counter does not count additions of unknown outcome as lost', () => {
    expect(titleOf([add(1), add(2, 'info'), add(3), read(4, 1)], 'counter')).toBe('The counter lost 1 addition')
  })

  test('the headline of a counter counts exactly the losses that a search over all unknown additions finds', () => {
    const steps = fc.array(fc.constantFrom<'ok' | 'info' | 'fail'>('ok', 'ok', 'info', 'fail'), { maxLength: 8 })
    const property = fc.property(steps, fc.integer({ min: 0, max: 9 }), (types, ended) => {
      const operations = [...types.map((type, i) => add(i + 1, type)), read(50, ended)]
      const sums = types.reduce<number[]>(
        (known, type) =>
          type === 'fail'
            ? known
            : type === 'ok'
              ? known.map((sum) => sum + 1)
              : known.flatMap((sum) => [sum, sum + 1]),
        [0],
      )
      const { headline, report } = judge(operations, 'counter')
      expect(report.levels.linearizable.result).toBe(sums.includes(ended) ? 'met' : 'violated')
      const least = Math.min(...sums.map((sum) => sum - ended))
      expect(/lost ([\d,]+)/.exec(headline.title)?.[1]).toBe(least > 0 ? String(least) : undefined)
    })
    fc.assert(property, { numRuns: 200 })
  })
})

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
    expect(told.shown?.level).toBe('eventual')
    const oneAsked = judge([write(1, 1, 0), write(2, 2, 10), end], 'register')
    expect(oneAsked.headline.title).toBe("n3 ended without p2's confirmed write to x")
  })

  test('the headline does not call a write lost if only one node lacks it', () => {
    const end = read(3, null as never, 50, { final: true, node: 'n1' })
    expect(titleOf([write(2, 2, 10), end], 'register')).toBe("n1 answered without p2's confirmed write to x")
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
    expect(told.shown?.sentence.match(/read \d|'s write of \d/g)).toEqual([
      'read 2',
      "'s write of 1",
      'read 1',
      "'s write of 2",
    ])
    expect(reproach(told.history, told.shown!)?.text).toMatch(
      /^write 1 was acknowledged .* this read began, and process 3 read 1 after write 2 was acknowledged$/,
    )
    const page = renderHtml({ history: told.history, report: told.report, title: 't', version: '1', historyFile: 'h' })
    expect(page).toContain('process 3 read 1 after write 2 was acknowledged')
    expect(page).not.toContain('could only be')
    expect(titleOf([...both, older, read(3, 2, 30)], 'register')).toBe('p3 did not always see the last write to x')
    expect(titleOf([...both, older, read(3, 1, 30)], 'register')).toBe('Linearizable')
  })

  test('the headline states that a read returned a value that nobody wrote, or whose write had failed', () => {
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
      const { headline } = factsOf({ history, report, asked: 'causal' })
      expect(headline.despite?.because).toBe(
        'it leaves real time out, so the g it read may count as newer than its own write',
      )
      expect(headline.beside).toBe(`read-your-writes is met all the same: ${headline.despite?.because}`)
      return headline.title
    }
    expect(causally(read(3, 1, 50, { key: 'g' }))).toBe('p3 read an older g than it had written itself')
    const reads = [write(1, 1, 0), read(2, 1, 10), write(2, 2, 20), read(3, 2, 30), read(3, 1, 40)]
    const { history, report } = judge(reads, 'register')
    expect(factsOf({ history, report, asked: 'causal' }).headline.title).toBe('p3 read an older x than it knew of')
  })

  test('the headline states that a change is lost if two clients changed the register from the same value', () => {
    const cas = (p: number, to: number, more: Partial<Made> = {}): Made =>
      write(p, to, 20, { f: 'cas', in: [1, to], ...more })
    expect(titleOf([write(1, 1, 0), cas(2, 5), cas(3, 7)], 'register')).toBe(
      'p2 and p3 both changed x from 1, and one change is lost',
    )
    // Another client wrote the value again, or the other change has an unknown outcome.
    for (const fine of [
      [cas(2, 1), cas(3, 7)],
      [cas(2, 5, { type: 'info' }), cas(3, 7)],
    ])
      expect(titleOf([write(1, 1, 0), ...fine], 'register')).toBe('Linearizable')
  })

  test('the headline names the node that answered without the confirmed write, even if that node confirmed it', () => {
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

test('the headline of a set violation counts the acknowledged elements that were lost', () => {
  const add = (p: number, value: number, type: 'ok' | 'info' = 'ok'): Made => ({
    ...{ p, f: 'add', key: 's', in: value, type, from: p * 10, to: p * 10 + 5 },
  })
  const read: Made = { p: 9, f: 'read', key: 's', out: [2], final: true, from: 100, to: 105 }
  expect(titleOf([add(1, 1), add(2, 2), add(3, 3, 'info')].concat(read), 'set')).toBe('1 acknowledged element was lost')
})

test('the headline of an id violation counts the ids that were generated twice', () => {
  const id = (p: number, out: number): Made => ({ p, f: 'generate', out, from: p * 10, to: p * 10 + 5 })
  expect(titleOf([id(1, 7), id(2, 7), id(3, 8)], 'unique-ids')).toBe('1 id was handed out more than once')
})

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
  // The other account's withdrawals do not contradict the overdraft of this account.
  if (facts.shown === undefined) throw new Error('nothing is overdrawn')
  expect(reproach(opened, facts.shown)).toBeUndefined()
})

test('the headline of two reads of a key that nobody wrote mentions neither writes nor appends', () => {
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

  test('the headline of a missing write names the node that lacked it, even if a later read returns it', () => {
    expect(titleOf([write, read(1, null, 10)], 'register')).toBe("n1 answered without p0's confirmed write")
    expect(titleOf([write, read(1, null, 10), read(1, 1, 20)], 'register')).toBe(
      "n1 answered without p0's confirmed write",
    )
  })

  test('the headline does not attribute a write to its reader if clients are known only by connection', () => {
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

test('the headline states how often a message was delivered, and names the first client', () => {
  const taken = (p: number, to: number): Made => ({ p, f: 'dequeue', key: 'q', out: 5, from: p + 9, to })
  const sent: Made = { p: 0, f: 'enqueue', key: 'q', in: 5, from: 1, to: 2 }
  const { headline, shown, history, report } = judge([sent, taken(1, 15), taken(2, 16), taken(3, 14)], 'queue')
  expect(headline.title).toBe('Message 5 was handed out 3 times')
  if (shown === undefined || report.accounting === undefined) throw new Error('nothing is repeated')
  expect(reproach(history, shown)?.text).toBe('process 3 had been given it')
  expect(accountLines(report.accounting).flatMap(({ items }) => items)).toEqual(['q = 5 (2 too many)'])
})

test('the headline of a set with a duplicated element names that element', () => {
  const add = (p: number, value: number): Made => ({ p, f: 'add', in: value, from: p * 10, to: p * 10 + 5 })
  const { shown, history } = judge([add(1, 1), add(2, 2), { p: 3, f: 'read', out: [1, 1, 2], from: 30, to: 35 }], 'set')
  if (shown === undefined) throw new Error('nothing is repeated')
  expect(reproach(history, shown)).toEqual({ by: 0, text: '1 is in it twice' })
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
    const { headline, shown } = factsOf({ history, report })
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

  test('the report of a bank violation names an overdrawn account even if the opening balances are unknown', () => {
    expect(judged([transfer(40), read({ a: -10, b: 70 })], 'unknown').title).toBe('Account a was overdrawn by 10')
  })

  test('the report of a bank violation states that the accounts opened empty, and names the option --initial', () => {
    const { title, sentence } = judged([read({ a: 30, b: 30 }), { ...transfer(4), from: 20, to: 25 }], null)
    expect(title).toBe('Not linearizable')
    expect(sentence).toContain('The accounts opened empty')
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
  const { shown } = factsOf({ history, report: check(history, options as never) })
  if (shown === undefined) throw new Error('nothing is overdrawn')
  expect(storyOf(history, shown)).toBe(
    'Account savings opened with 100,000, received at most 0, and spent 120,000 in 3 acknowledged operations (70,000 at n1, 20,000 at n2, 30,000 at n3): that leaves -20,000.',
  )
  expect(operationText(history, 0, { withKey: true })).toBe('p1 transfer 70,000 savings→household → ok')
})

test('a report on one requested level has a headline about that level, even if a message was lost', () => {
  const { history, report } = judge(
    [
      { p: 1, f: 'enqueue', key: 'q', in: 1, from: 0, to: 5 },
      { p: 2, f: 'drain', key: 'q', out: [], from: 10, to: 15 },
    ],
    'queue',
  )
  expect(factsOf({ history, report, asked: 'linearizable', isAboutLevel: true }).headline.title).toBe(
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

  test('the report of a log violation counts only missed messages in the range of the poll', () => {
    const sent = [send(1, 101, 0), send(2, 102, 1), send(3, 103, 2)]
    expect(titleOf([...sent, poll(4, 0, [])], 'log')).toBe('A poll of log k missed 2 acknowledged messages')
    expect(titleOf([...sent, poll(4, 0, [101, 102])], 'log')).toBe('Linearizable')
  })

  test('the report of a log violation counts a message that a poll missed, even between offsets with gaps', () => {
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
  const { shown } = factsOf({
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

test('two clients that read two writes in opposite orders disagree, even if one write is unfinished', () => {
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

test('a message dequeued too early is explained by an earlier message, and not by its own enqueue', () => {
  const history = made([
    { p: 0, f: 'enqueue', key: 'b', in: 26, from: 0, to: 10, node: 'n1' },
    { p: 15, f: 'enqueue', key: 'b', in: 33, from: 20, to: 25, node: 'n1' },
    { p: 7, f: 'dequeue', key: 'b', out: 33, from: 60, to: 90, node: 'n2' },
    { p: 5, f: 'dequeue', key: 'b', out: 26, from: 120, to: 130, node: 'n3' },
  ])
  const report = check(history, {
    ...{ model: 'queue', initial: null, levels, failedCas: 'drop', deadlineMs: millis(60_000), memoryBytes: 1e9, now },
  } as never)
  const { shown } = factsOf({ history, report })
  if (shown === undefined) throw new Error('nothing is wrong')
  expect(reproach(history, { ...shown, culprit: 2 })?.by).toBe(0)
})

test('a lost addition on the only node of a service is explained by a lost update', () => {
  const operations: readonly Made[] = [
    { p: 1, f: 'add', in: 1, from: 0, to: 5, node: 'shop' },
    { p: 2, f: 'add', in: 1, from: 0, to: 5, node: 'shop' },
    { p: 1, f: 'read', out: 1, from: 9, to: 12, node: 'shop' },
  ]
  const history = made(operations)
  const report = check(history, {
    ...{ model: 'counter', initial: null, levels: ['linearizable'], failedCas: 'drop', deadlineMs: millis(60_000) },
    ...{ memoryBytes: 1e9, now },
  } as never)
  const { shown } = factsOf({ history, report })
  if (shown === undefined) throw new Error('nothing is wrong')
  expect(causesOf({ report, history, counterexample: shown, near: [] })[0]).toEqual({
    cause: 'A change was computed from an old value, and undid another one.',
    remedy: 'Change the value in one step, such as an atomic increment, or lock it from the read to the write.',
  })
  const setup = { spec: { target: { settings: {} }, nodes: 1 } }
  expect(factsOf({ history, report, setup: setup as never }).why).toEqual({
    text: 'No fault explains this: the system does it by itself. It looks as if a change was computed from an old value, and undid another one.',
    certainty: 'likely',
  })
})

test('the remedy for a counter that is too low on several nodes is to add up the sums of the nodes', () => {
  const add = (p: number, node: string, from: number, type: 'ok' | 'info' = 'ok'): Made => ({
    ...{ p, f: 'add', in: 1, node, from, to: from + 5, type },
  })
  const read = (out: number, from: number, final: boolean): Made => ({
    ...{ p: 9, f: 'read', out, node: 'n1', from, to: from + 5, final },
  })
  const history = made([
    add(1, 'n1', 0),
    add(2, 'n2', 0, 'info'),
    add(3, 'n2', 10),
    read(9, 20, false),
    read(1, 30, true),
  ])
  const report = check(history, {
    ...{ model: 'counter', initial: null, levels: ['eventual'], failedCas: 'drop', deadlineMs: millis(60_000) },
    ...{ memoryBytes: 1e9, now },
  } as never)
  const { shown } = factsOf({ history, report, asked: 'eventual' })
  if (shown === undefined) throw new Error('nothing is wrong')
  expect(causesOf({ report, history, counterexample: shown, near: [] })[0]?.remedy).toMatch(
    /^Keep one sum for each node/,
  )
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
