import { check, levels } from '@chaosproxy/checker'
import { millis } from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Made, made } from '../../../testing/src/timeline.ts'
import { accountLines } from '../../src/accounting-words.ts'
import { causesOf } from '../../src/facts/causes.ts'
import { factsOf } from '../../src/facts/facts.ts'
import { changeText, gapOf } from '../../src/facts/gap.ts'
import { renderHtml } from '../../src/html/page.ts'
import { reproach } from '../../src/moments.ts'
import { judge, now, titleOf } from '../judge.ts'

// Tests what reports say about messages of queues, elements of sets, and additions to counters.

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

  test('the headline of a queue violation names the loss first, and then the verdict on the violated level', () => {
    const { counterexample: shown, headline } = judge([enqueue(1, 1), enqueue(2, 2), drain(4, [2])], 'queue')
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
    const { counterexample: shown } = judge([...changed, unknown(20, 25), unknown(21, 60), unknown(22, 70)], 'queue')
    expect(shown?.operations.map(({ role }) => role)).toEqual(['core', 'core', 'core', 'core'])
  })

  test('the counterexample of a queue has dequeues of unknown outcome that may have taken a missing message', () => {
    const unknown: Made = { p: 20, f: 'dequeue', key: 'q', type: 'info', from: 45, to: 46 }
    const sent = [enqueue(1, 1), enqueue(2, 2), enqueue(3, 3)]
    const { counterexample: shown } = judge([...sent, dequeue(7, 3, 30, 35), unknown, dequeue(8, 2, 50, 55)], 'queue')
    // Operation 3 dequeues message 3. Without it, there would be no violation: process 20 may have dequeued message 1.
    expect(shown?.operations.some(({ operation }) => operation === 3)).toBe(true)
  })

  test('the headline names a message that the last drain returned again, and the report blames the first dequeue', () => {
    const taken: Made = { p: 7, f: 'dequeue', key: 'q', out: 1, from: 30, to: 35, node: 'n1' }
    const operations = [enqueue(1, 1), enqueue(2, 2), taken, drain(5, [1, 2])]
    const { headline, counterexample: shown, history } = judge(operations, 'queue')
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

test('the headline states how often a message was delivered, and names the first client', () => {
  const taken = (p: number, to: number): Made => ({ p, f: 'dequeue', key: 'q', out: 5, from: p + 9, to })
  const sent: Made = { p: 0, f: 'enqueue', key: 'q', in: 5, from: 1, to: 2 }
  const {
    headline,
    counterexample: shown,
    history,
    report,
  } = judge([sent, taken(1, 15), taken(2, 16), taken(3, 14)], 'queue')
  expect(headline.title).toBe('Message 5 was handed out 3 times')
  if (shown === undefined || report.accounting === undefined) throw new Error('nothing is repeated')
  expect(reproach(history, shown)?.text).toBe('process 3 had been given it')
  expect(accountLines(report.accounting).flatMap(({ items }) => items)).toEqual(['q = 5 (2 too many)'])
})

test('the headline of a set with a duplicated element names that element', () => {
  const add = (p: number, value: number): Made => ({ p, f: 'add', in: value, from: p * 10, to: p * 10 + 5 })
  const { counterexample: shown, history } = judge(
    [add(1, 1), add(2, 2), { p: 3, f: 'read', out: [1, 1, 2], from: 30, to: 35 }],
    'set',
  )
  if (shown === undefined) throw new Error('nothing is repeated')
  expect(reproach(history, shown)).toEqual({ by: 0, text: '1 is in it twice' })
})

test('a dequeue out of order is explained by an earlier message, not by the enqueue of its own message', () => {
  const history = made([
    { p: 0, f: 'enqueue', key: 'b', in: 26, from: 0, to: 10, node: 'n1' },
    { p: 15, f: 'enqueue', key: 'b', in: 33, from: 20, to: 25, node: 'n1' },
    { p: 7, f: 'dequeue', key: 'b', out: 33, from: 60, to: 90, node: 'n2' },
    { p: 5, f: 'dequeue', key: 'b', out: 26, from: 120, to: 130, node: 'n3' },
  ])
  const report = check(history, {
    ...{ model: 'queue', initial: null, levels, failedCas: 'drop', deadlineMs: millis(60_000), memoryBytes: 1e9, now },
  } as never)
  const { counterexample: shown } = factsOf({ history, report })
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
  const { counterexample: shown } = factsOf({ history, report })
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

test('if a counter on several nodes is too low, the remedy is to add up the sums of the nodes', () => {
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
  const { counterexample: shown } = factsOf({ history, report, requestedLevel: 'eventual' })
  if (shown === undefined) throw new Error('nothing is wrong')
  expect(causesOf({ report, history, counterexample: shown, near: [] })[0]?.remedy).toMatch(
    /^Keep one sum for each node/,
  )
})
