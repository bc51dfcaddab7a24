import type { Accounted, Accounting, ModelName } from '@chaosproxy/checker'
import { type EventInput, historyFromEvents, type Json } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { counterReads } from '../../src/counter/account.ts'
import { checkHistory } from '../checking.ts'

// Tests the counts of lost, duplicated and unexpected elements, on the histories that Jepsen uses to test its own
// checkers.

type Step = readonly [process: number, type: EventInput['type'], f: string, value?: Json]

const eventsOf = (...steps: readonly Step[]): EventInput[] =>
  steps.map(([process, type, f, value = null], at) => ({ process, type, f, value, time: at * 1e6 }))

function accountOf(model: ModelName, ...steps: readonly Step[]): Accounting {
  const { accounting } = checkHistory(historyFromEvents(eventsOf(...steps)), { model, levels: ['linearizable'] })
  if (accounting === undefined) throw new Error('there is no accounting')
  return accounting
}

const valuesOf = (list: readonly Accounted[]): readonly Json[] => list.map(({ value }) => value)

test('counterReads bounds a read by acknowledged earlier additions, and by additions called before its return', () => {
  const rolling = eventsOf(
    [0, 'invoke', 'read'],
    [1, 'invoke', 'add', 1],
    [0, 'ok', 'read', 0],
    [0, 'invoke', 'read'],
    [1, 'ok', 'add', 1],
    [1, 'invoke', 'add', 2],
    [0, 'ok', 'read', 3],
    [0, 'invoke', 'read'],
    [1, 'ok', 'add', 2],
    [0, 'ok', 'read', 5],
  )
  const { reads } = counterReads(historyFromEvents(rolling), null)
  expect(reads.map(({ least, value, most }) => [least, value, most])).toEqual([
    [0, 0, 1],
    [0, 3, 3],
    [1, 5, 3],
  ])
})

test('the lower bound of a counter falls when a decrement is called, and the upper bound when it returns', () => {
  const events = eventsOf(
    [0, 'invoke', 'add', 5],
    [0, 'ok', 'add', 5],
    [0, 'invoke', 'subtract', 3],
    [1, 'invoke', 'read'],
    [1, 'ok', 'read', 5],
    [0, 'ok', 'subtract', 3],
    [1, 'invoke', 'read'],
    [1, 'ok', 'read', 2],
  )
  const { reads } = counterReads(historyFromEvents(events), null)
  expect(reads.map(({ least, most }) => [least, most])).toEqual([
    [2, 5],
    [2, 2],
  ])
})

test('an acknowledged message is not reported as lost if a dequeue of unknown outcome may have taken it', () => {
  const events = eventsOf(
    [0, 'invoke', 'enqueue', 'a'],
    [0, 'ok', 'enqueue', 'a'],
    [1, 'invoke', 'dequeue'],
    [1, 'info', 'dequeue'],
    [2, 'invoke', 'dequeue'],
    [2, 'ok', 'dequeue', null],
  )
  const { headline, levels } = checkHistory(historyFromEvents(events), { model: 'queue' })
  expect(headline).toBe('linearizable')
  expect(levels.eventual).toEqual({
    result: 'unknown',
    reason: { kind: 'final reads', text: 'the history has no answered drain after the last enqueue' },
  })
})

test('an acknowledged message that no dequeue returned violates eventual only once the queue is drained', () => {
  const steps: readonly Step[] = [
    [0, 'invoke', 'enqueue', 'a'],
    [0, 'ok', 'enqueue', 'a'],
    [0, 'invoke', 'enqueue', 'b'],
    [0, 'ok', 'enqueue', 'b'],
    [1, 'invoke', 'dequeue'],
    [1, 'ok', 'dequeue', 'b'],
  ]
  const open = accountOf('bag', ...steps)
  expect([open.result, valuesOf(open.lost)]).toEqual(['unknown', ['a']])
  // A failed dequeue did not happen, whatever it found.
  const failed = accountOf('bag', ...steps, [1, 'invoke', 'dequeue'], [1, 'fail', 'dequeue'])
  expect(failed.result).toBe('unknown')
  const empty = accountOf('bag', ...steps, [1, 'invoke', 'dequeue'], [1, 'ok', 'dequeue', null])
  expect([empty.result, empty.excuse]).toEqual(['unknown', 'inside'])
  const drained = accountOf('bag', ...steps, [1, 'invoke', 'drain'], [1, 'ok', 'drain', []])
  expect([drained.result, valuesOf(drained.lost)]).toEqual(['violated', ['a']])
  const complete = accountOf('bag', ...steps, [1, 'invoke', 'drain'], [1, 'ok', 'drain', ['a']])
  expect([complete.result, valuesOf(complete.lost)]).toEqual(['met', []])
})

test('the accounting of a bag distinguishes duplicated, recovered and unexpected messages', () => {
  const account = accountOf(
    'bag',
    [0, 'invoke', 'enqueue', 'twice'],
    [0, 'ok', 'enqueue', 'twice'],
    [1, 'invoke', 'enqueue', 'maybe'],
    [1, 'info', 'enqueue', 'maybe'],
    [0, 'invoke', 'drain'],
    [0, 'ok', 'drain', ['twice', 'twice', 'maybe', 'odd']],
  )
  expect(account.result).toBe('violated')
  expect(valuesOf(account.duplicated)).toEqual(['twice'])
  expect(valuesOf(account.recovered)).toEqual(['maybe'])
  expect(valuesOf(account.unexpected)).toEqual(['odd'])
  expect([account.attempted, account.acknowledged, account.ok]).toEqual([2, 1, 2])
})

test('a drained message violates eventual if every enqueue of it failed', () => {
  const eventually = (initial: Json, ...steps: readonly Step[]): string =>
    checkHistory(historyFromEvents(eventsOf(...steps)), { model: 'bag', initial }).levels.eventual.result
  const failed: readonly Step[] = [
    [0, 'invoke', 'enqueue', 'a'],
    [0, 'fail', 'enqueue', 'a'],
  ]
  const drain = (...messages: readonly Json[]): Step[] => [
    [2, 'invoke', 'drain'],
    [2, 'ok', 'drain', messages],
  ]
  expect(eventually(null, ...failed, ...drain())).toBe('met')
  expect(eventually(null, ...failed, ...drain('a'))).toBe('violated')
  expect(eventually(['a'], ...failed, ...drain('a'))).toBe('met')
  const unknown: readonly Step[] = [
    [1, 'invoke', 'enqueue', 'a'],
    [1, 'info', 'enqueue', 'a'],
  ]
  expect(eventually(null, ...failed, ...unknown, ...drain('a'))).toBe('met')
  // A queue is allowed to deliver a message more than once (at-least-once delivery).
  const done: readonly Step[] = [
    [1, 'invoke', 'enqueue', 'a'],
    [1, 'ok', 'enqueue', 'a'],
  ]
  expect(eventually(null, ...done, ...drain('a', 'a'))).toBe('met')
})

test('a drain proves a message lost only if the message was in that queue before the drain began', () => {
  const put = (key: string): EventInput[] => [
    { process: 0, type: 'invoke', f: 'enqueue', key, value: 1 },
    { process: 0, type: 'ok', f: 'enqueue', key, value: 1 },
  ]
  const drain = (key: string): readonly [EventInput, EventInput] => [
    { process: 1, type: 'invoke', f: 'drain', key, value: null },
    { process: 1, type: 'ok', f: 'drain', key, value: [] },
  ]
  const accountOfEvents = (events: readonly EventInput[]): string | undefined =>
    checkHistory(historyFromEvents(events), { model: 'queue' }).accounting?.result
  expect(accountOfEvents([...put('x'), ...drain('x')])).toBe('violated')
  expect(accountOfEvents([...put('x'), ...drain('y')])).toBe('unknown')
  const [began, ended] = drain('x')
  expect(accountOfEvents([began, ...put('x'), ended])).toBe('unknown')
})

test('a missing message does not violate eventual if an operation of unknown outcome may have taken it', () => {
  const outOfOrder: readonly Step[] = [
    ...[1, 2].flatMap((value): Step[] => [
      [0, 'invoke', 'enqueue', value],
      [0, 'ok', 'enqueue', value],
    ]),
    ...[2, 1].flatMap((value): Step[] => [
      [0, 'invoke', 'dequeue'],
      [0, 'ok', 'dequeue', value],
    ]),
  ]
  const eventually = (...steps: readonly Step[]): string => {
    const history = historyFromEvents(eventsOf(...outOfOrder, ...steps, [0, 'invoke', 'drain'], [0, 'ok', 'drain', []]))
    const { levels } = checkHistory(history, { model: 'queue', levels: ['linearizable', 'eventual'] })
    expect(levels.linearizable.result).toBe('violated')
    return levels.eventual.result
  }
  const given = (value: number): Step[] => [
    [0, 'invoke', 'enqueue', value],
    [0, 'ok', 'enqueue', value],
  ]
  const unknown: readonly Step[] = [
    [1, 'invoke', 'dequeue'],
    [1, 'info', 'dequeue'],
  ]
  expect(eventually(...given(3))).toBe('violated')
  expect(eventually(...given(3), ...unknown)).toBe('unknown')
  expect(eventually(...given(3), ...given(4), ...unknown)).toBe('violated')
  expect(eventually(...given(3), ...given(4), [1, 'invoke', 'drain'])).toBe('unknown')
})

test('eventual judges a queue by a drain or a final empty dequeue, and not by earlier dequeues', () => {
  const put: readonly Step[] = [
    [0, 'invoke', 'enqueue', 'a'],
    [0, 'ok', 'enqueue', 'a'],
  ]
  const ends = (steps: readonly Step[], final: boolean): string => {
    const events = eventsOf(...put, ...steps).map((event) =>
      final && event.type === 'invoke' && event.f === 'dequeue' ? { ...event, final } : event,
    )
    return checkHistory(historyFromEvents(events), { model: 'queue', levels: ['eventual'] }).levels.eventual.result
  }
  const dequeue = (value: Json): Step[] => [
    [1, 'invoke', 'dequeue'],
    [1, 'ok', 'dequeue', value],
  ]
  // A queue that answers "nothing now" may still contain a message.
  expect(ends(dequeue(null), false)).toBe('unknown')
  expect(ends(dequeue('a'), false)).toBe('unknown')
  expect(ends(dequeue(null), true)).toBe('violated')
  expect(ends([...dequeue('a'), ...dequeue(null)], true)).toBe('met')
})

test('a set element missing from an earlier read is stale, and an element missing from the last read is lost', () => {
  const account = accountOf(
    'set',
    [0, 'invoke', 'add', 1],
    [0, 'ok', 'add', 1],
    [0, 'invoke', 'add', 2],
    [0, 'ok', 'add', 2],
    [1, 'invoke', 'read'],
    [1, 'ok', 'read', [2]],
    [1, 'invoke', 'read'],
    [1, 'ok', 'read', [1]],
  )
  expect([account.result, valuesOf(account.stale), valuesOf(account.lost)]).toEqual(['violated', [1], [2]])
  // The first element was known 1 ms after the beginning, and was missing in a read called at 4 ms. The second element
  // was known at 3 ms, and was last seen by the read called at 4 ms.
  expect([account.stale[0]?.late, account.lost[0]?.late]).toEqual([3e6 + 1, 1e6 + 1])
})

test('a set element is lost only if the last final read of every node lacks it', () => {
  const accountOfEnds = (...ends: readonly (readonly [node: string, elements: Json])[]): readonly Json[] => {
    const reads = ends.flatMap(([node, value], at): EventInput[] => [
      { process: 1, type: 'invoke', f: 'read', value: null, node, final: true, time: (2 * at + 2) * 1e6 },
      { process: 1, type: 'ok', f: 'read', value, node, time: (2 * at + 3) * 1e6 },
    ])
    const history = historyFromEvents([...eventsOf([0, 'invoke', 'add', 1], [0, 'ok', 'add', 1]), ...reads])
    const { accounting, lost } = checkHistory(history, { model: 'set', levels: ['eventual'] })
    expect(valuesOf(accounting?.lost ?? [])).toEqual(lost.map(({ value }) => value))
    return lost.map(({ value }) => value)
  }
  expect(accountOfEnds(['n1', [1]], ['n2', []])).toEqual([])
  expect(accountOfEnds(['n1', [1]], ['n1', []])).toEqual([1])
  expect(accountOfEnds(['n1', []], ['n2', []])).toEqual([1])
})

test('a set element is not lost if the read that returned last has it, even if a read that was called later lacks it', () => {
  const account = accountOf(
    'set',
    [0, 'invoke', 'add', 1],
    [0, 'ok', 'add', 1],
    [1, 'invoke', 'read'],
    [2, 'invoke', 'read'],
    [2, 'ok', 'read', []],
    [1, 'ok', 'read', [1]],
  )
  expect([valuesOf(account.lost), valuesOf(account.stale)]).toEqual([[], [1]])
})

test('a set element that was removed does not count as lost', () => {
  const account = accountOf(
    'set',
    [0, 'invoke', 'add', 1],
    [0, 'ok', 'add', 1],
    [0, 'invoke', 'remove', 1],
    [0, 'ok', 'remove', 1],
    [1, 'invoke', 'read'],
    [1, 'ok', 'read', []],
  )
  expect([account.result, valuesOf(account.lost)]).toEqual(['met', []])
})

test('final reads of a counter must lie between the bounds that its additions allow', () => {
  const finals = (...values: readonly number[]): string => {
    const events = eventsOf(
      [0, 'invoke', 'add', 1],
      [0, 'ok', 'add', 1],
      [1, 'invoke', 'add', 1],
      [1, 'info', 'add', 1],
    )
    for (const [n, value] of values.entries()) {
      events.push({ process: 2 + n, type: 'invoke', f: 'read', final: true, time: 1e8 })
      events.push({ process: 2 + n, type: 'ok', f: 'read', value, time: 1e8 })
    }
    const report = checkHistory(historyFromEvents(events), { model: 'counter', levels: ['eventual'] })
    return report.levels.eventual.result
  }
  expect(finals()).toBe('unknown')
  expect(finals(1, 1)).toBe('met')
  expect(finals(2, 2)).toBe('met')
  expect(finals(2, 1)).toBe('violated')
  // The addition of unknown outcome took effect between the two reads.
  expect(finals(1, 2)).toBe('met')
  expect(finals(0, 0)).toBe('violated')
})

test('the sentence about an impossible final read of a counter names the sum that each node acknowledged', () => {
  const at = (node: string | undefined, process: number, f: string, value: number): EventInput[] => {
    const about = { process, f, key: 'c', ...(node === undefined ? {} : { node }) }
    return [
      { ...about, type: 'invoke', value: f === 'read' ? null : value, final: f === 'read' },
      { ...about, type: 'ok', value },
    ]
  }
  const reasonOf = (...nodes: readonly (string | undefined)[]) => {
    const updates = nodes.flatMap((node, process) => at(node, process, process === 1 ? 'subtract' : 'add', process + 2))
    const events = [...updates, ...at('n1', 99, 'read', 50)]
    const { eventual } = checkHistory(historyFromEvents(events), { model: 'counter', levels: ['eventual'] }).levels
    return eventual.result === 'violated' ? eventual.counterexample.sentence : eventual.result
  }
  expect(reasonOf('n10', 'n2', 'n10')).toBe(
    'A final read of c returned 50, though the additions allow only 3: n2 acknowledged -3, n10 6.',
  )
  expect(reasonOf('n1', 'n1')).toBe('A final read of c returned 50, though the additions allow only -1.')
  expect(reasonOf(undefined, undefined)).toBe('A final read of c returned 50, though the additions allow only -1.')
})

test('the sentence about different final reads of a counter accuses no single read if the initial value is unknown', () => {
  const events = eventsOf([0, 'invoke', 'add', 48], [0, 'ok', 'add', 48])
  for (const [at, value] of [9, 48, 23].entries()) {
    events.push({ process: 2 + at, type: 'invoke', f: 'read', final: true, time: 1e8 })
    events.push({ process: 2 + at, type: 'ok', f: 'read', value, time: 1e8 })
  }
  const { eventual } = checkHistory(historyFromEvents(events), {
    ...{ model: 'counter', levels: ['eventual'], initial: 'unknown' },
  }).levels
  expect(eventual).toMatchObject({ counterexample: { sentence: 'Final reads disagree: 9 and 48.' } })
})

test('a final read of a counter may include any subset of the additions of unknown outcome', () => {
  const finallyRead = (value: number, amounts: readonly (readonly [amount: number, type: 'ok' | 'info'])[]): string => {
    const events = amounts.flatMap(([amount, type], process): EventInput[] => [
      { process, type: 'invoke', f: 'add', value: amount },
      { process, type, f: 'add', value: amount },
    ])
    events.push({ process: 99_999, type: 'invoke', f: 'read', value: null, final: true })
    events.push({ process: 99_999, type: 'ok', f: 'read', value })
    const report = checkHistory(historyFromEvents(events), { model: 'counter', levels: ['eventual'] })
    return report.levels.eventual.result
  }
  expect([0, 1, 2].map((value) => finallyRead(value, [[2, 'info']]))).toEqual(['met', 'violated', 'met'])
  const mixed = [
    [10, 'ok'],
    [3, 'info'],
    [3, 'info'],
    [-5, 'info'],
  ] as const
  const sums = [5, 8, 10, 11, 13, 16]
  const all = Array.from({ length: 20 }, (_, value) => value)
  expect(all.filter((value) => finallyRead(value, mixed) === 'met')).toEqual(sums)
  const fractions = [
    [0.1, 'info'],
    [0.2, 'info'],
  ] as const
  expect([0.3, 0.25].map((value) => finallyRead(value, fractions))).toEqual(['met', 'violated'])
  // There are too many sums to list, so only their bounds are known.
  const powers = Array.from({ length: 20 }, (_, n) => [3 * 2 ** n, 'info'] as const)
  expect([1, 2 ** 30].map((value) => finallyRead(value, powers))).toEqual(['met', 'violated'])
  const ones = Array.from({ length: 20_000 }, () => [1, 'info'] as const)
  expect([12_345, 12_345.5].map((value) => finallyRead(value, ones))).toEqual(['met', 'violated'])
})

test('the sentence about a duplicated id names both clients that received the id', () => {
  const events = eventsOf(
    [0, 'invoke', 'generate'],
    [0, 'ok', 'generate', 'x'],
    [1, 'invoke', 'generate'],
    [1, 'ok', 'generate', 'x'],
  )
  const report = checkHistory(historyFromEvents(events), { model: 'unique-ids', levels: ['linearizable'] })
  expect(report.headline).toBe('not linearizable; 1 duplicated')
  const { linearizable } = report.levels
  if (linearizable.result !== 'violated') throw new Error('not violated')
  expect(linearizable.counterexample.sentence).toBe(
    'Process 0 was given "x" by 0.001 s, and 1.0 ms later process 1 was given "x": no id is given out twice.',
  )
})

test('the sentence about a final read of a set names the wrong element and the state of its addition', () => {
  const sentenceOf = (read: Json): string => {
    const about = { process: 1, key: 's', node: 'n1' }
    const events: EventInput[] = [
      ...eventsOf(
        [0, 'invoke', 'add', 'a'],
        [0, 'ok', 'add', 'a'],
        [0, 'invoke', 'add', 'f'],
        [0, 'fail', 'add', 'f'],
      ).map((event) => ({ ...event, key: 's' })),
      { ...about, type: 'invoke', f: 'read', value: null, final: true, time: 5e6 },
      { ...about, type: 'ok', f: 'read', value: read, time: 6e6 },
      { process: 0, key: 's', type: 'invoke', f: 'add', value: 'l', time: 7e6 },
    ]
    const options = { model: 'set', levels: ['eventual'], initial: ['z'] } as const
    const { eventual } = checkHistory(historyFromEvents(events), options).levels
    return eventual.result === 'violated' ? eventual.counterexample.sentence : eventual.result
  }
  expect(sentenceOf(['a', 'z'])).toBe('met')
  expect(sentenceOf(['z'])).toBe(
    'A final read of s at n1 does not contain "a", acknowledged at 0.001 s and never removed.',
  )
  expect(sentenceOf(['a'])).toBe(
    'A final read of s at n1 does not contain "z", which was there at the start and never removed.',
  )
  expect(sentenceOf(['a', 'b', 'z'])).toBe('A final read of s at n1 contains "b", which nobody added.')
  expect(sentenceOf(['a', 'l', 'z'])).toBe('A final read of s at n1 contains "l", which nobody had yet added.')
  expect(sentenceOf(['a', 'f', 'z'])).toBe(
    'A final read of s at n1 contains "f", which was added only by an operation that failed.',
  )
})
