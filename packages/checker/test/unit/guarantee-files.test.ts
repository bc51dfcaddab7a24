import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type EventInput, historyFromEvents, type Json, millis } from '@chaosproxy/history'
import { readHistory } from '@chaosproxy/history/files'
import { describe, expect, test } from 'vitest'
import { checkProved } from '../proof/proving.ts'

// Histories of streams and work queues that were judged wrongly once, each with its neighbours.

const cases = fileURLToPath(new URL('../../../../../shared/cases/checker', import.meta.url))

type Told = readonly [level: string, result: 'met' | 'violated' | 'unknown']

const options = (model: string, initial: Json) => ({
  ...{ model, initial, failedCas: 'drop' as const, memoryBytes: 1e9 },
  ...{ deadlineMs: millis(10_000), now: () => millis(0) },
})

function judged(model: string, events: readonly EventInput[], initial: Json = null) {
  const levels = model === 'stream' ? ['faithful'] : ['exactly-once']
  return checkProved(historyFromEvents(events), { ...options(model, initial), levels })
}

describe.runIf(existsSync(cases))('the catalogue of guarantees', () => {
  test.each<readonly [file: string, model: string, initial: Json, told: readonly Told[]]>([
    ['nov28-stream-a-message-polled-before-anybody-sent-it.jsonl', 'stream', null, [['no-aborted-reads', 'violated']]],
    ['nov28-stream-asked-from-2-in-vain-then-on-offset-1-is-not-skipped.jsonl', 'stream', null, [['faithful', 'met']]],
    [
      'nov28-work-queue-message-from-before.jsonl',
      'work-queue',
      'unknown',
      [
        ['no-invented-messages', 'unknown'],
        ['no-lost-messages', 'met'],
        ['first-in-first-out', 'met'],
      ],
    ],
    ['nov28-work-queue-message-from-before.jsonl', 'work-queue', ['left-over'], [['exactly-once', 'met']]],
    ['nov28-work-queue-message-from-before.jsonl', 'work-queue', null, [['no-invented-messages', 'violated']]],
    [
      'nov28-work-queue-equal-messages-twice-in-one-acknowledged-none-left.jsonl',
      'work-queue',
      null,
      [['at-least-once', 'violated']],
    ],
    ['nov28-work-queue-order-looked-at-in-mid-run.jsonl', 'work-queue', null, [['first-in-first-out', 'violated']]],
  ])(
    '%s, checked as model %s from initial value %j, has its catalogued verdicts',
    async (file, model, initial, told) => {
      const history = await readHistory(join(cases, file))
      const { levels } = checkProved(history, { ...options(model, initial), levels: told.map(([level]) => level) })
      expect(told.map(([level]) => [level, levels[level]?.result])).toEqual(told)
    },
  )
})

/** Operations one after another, 1 ms each; a number in front waits until then, in ms. */
type Line = readonly [process: number, f: string, asked: Json, told: Json, type?: 'ok' | 'fail' | 'info']

const inTurn = (...lines: readonly (Line | number)[]): EventInput[] => {
  let ms = 0
  return lines.flatMap((line): EventInput[] => {
    if (typeof line === 'number') {
      ms = line
      return []
    }
    const [process, f, asked, told, type = 'ok'] = line
    return [
      { process, type: 'invoke', f, value: asked, time: ms++ * 1e6 },
      { process, type, f, value: told, time: ms++ * 1e6 },
    ]
  })
}

const put = (value: Json, type: 'ok' | 'fail' | 'info' = 'ok', process = 0): Line => [
  process,
  'enqueue',
  value,
  value,
  type,
]
const took = (value: Json, receipt: string, process = 1, leaseMs: number | null = 1_000): Line => [
  process,
  'take',
  leaseMs,
  [value, receipt],
]
const ack = (receipt: string, type: 'ok' | 'info' = 'ok', process = 1): Line => [process, 'ack', receipt, receipt, type]
const nack = (receipt: string): Line => [1, 'nack', receipt, receipt]
const left = (...messages: readonly Json[]): Line => [9, 'remaining', null, messages]

describe('a work queue', () => {
  test.each<readonly [title: string, events: EventInput[], initial: Json, told: readonly Told[]]>([
    // What was there at the start.
    ['may hand out what was there', inTurn(took('x', 'r'), ack('r'), left()), ['x'], [['exactly-once', 'met']]],
    [
      'hands out an equal message that was there besides',
      inTurn(put('x'), took('x', 'r'), ack('r'), took('x', 's'), ack('s'), left()),
      ['x'],
      [['exactly-once', 'met']],
    ],
    [
      'invents a message that is not in the list',
      inTurn(put('x'), took('y', 'r'), ack('r'), left('x')),
      ['z'],
      [['no-invented-messages', 'violated']],
    ],
    [
      'loses what was there at the start',
      inTurn(put('y'), took('y', 'r'), ack('r'), left()),
      ['x'],
      [['no-lost-messages', 'violated']],
    ],
    [
      'hands out the list in order',
      inTurn(took('y', 'r'), took('x', 's'), ack('r'), ack('s'), left()),
      ['x', 'y'],
      [['first-in-first-out', 'violated']],
    ],
    [
      'hands out the list before what is put in',
      inTurn(put('y'), took('y', 'r'), took('x', 's'), left('x', 'y')),
      ['x'],
      [['first-in-first-out', 'violated']],
    ],
    [
      'may hand out a message twice if an equal one may have been there',
      inTurn(put('x'), took('x', 'r'), ack('r'), took('x', 's'), ack('s'), left()),
      'unknown',
      [['no-handouts-after-ack', 'unknown']],
    ],
    [
      'hands out one message twice, whatever was there, if it has one receipt',
      inTurn(put('x'), took('x', 'r'), ack('r'), took('x', 'r', 2)),
      'unknown',
      [['no-handouts-after-ack', 'violated']],
    ],
    [
      'loses a message whatever was there',
      inTurn(put('x'), took('x', 'r'), left()),
      'unknown',
      [['no-lost-messages', 'violated']],
    ],
    // Equal messages.
    [
      'keeps two of two equal ones',
      inTurn(put('x'), put('x'), took('x', 'r'), left('x', 'x')),
      null,
      [['exactly-once', 'met']],
    ],
    [
      'keeps one of two equal ones, of which one is done with',
      inTurn(put('x'), put('x'), took('x', 'r'), ack('r'), left('x')),
      null,
      [['exactly-once', 'met']],
    ],
    ['loses one of two equal ones', inTurn(put('x'), put('x'), left('x')), null, [['at-least-once', 'violated']]],
    [
      'may have got only one of two equal ones',
      inTurn(put('x'), put('x', 'info'), took('x', 'r', 2), ack('r', 'ok', 2), left()),
      null,
      [['exactly-once', 'met']],
    ],
    [
      'has acknowledged one of two equal ones twice',
      inTurn(put('x'), put('x'), took('x', 'r'), ack('r'), ack('r'), left()),
      null,
      [['at-least-once', 'violated']],
    ],
    [
      'hands out three of two equal ones, none given back',
      inTurn(put('x'), put('x'), took('x', 'r'), took('x', 's', 2), took('x', 't', 3)),
      null,
      [
        ['no-repeats', 'violated'],
        ['no-double-leases', 'violated'],
      ],
    ],
    ['shows two of one', inTurn(put('x'), left('x', 'x')), null, [['no-invented-messages', 'violated']]],
    [
      'loses one that was put in after the other was acknowledged',
      inTurn(put('x', 'info'), took('x', 'r'), ack('r'), put('x', 'ok', 5), left()),
      null,
      [['no-lost-messages', 'violated']],
    ],
    // The order.
    [
      'shows all in mid-run, and keeps the order',
      inTurn(put('a'), put('b'), left('a', 'b'), took('a', 'r'), took('b', 's'), left('a', 'b')),
      null,
      [['first-in-first-out', 'met']],
    ],
    [
      'changes the order before a look',
      inTurn(put('a'), put('b'), took('b', 'r'), left('a', 'b'), took('a', 's')),
      null,
      [['first-in-first-out', 'violated']],
    ],
    [
      'hands out what was given back out of order',
      inTurn(put('a'), put('b'), took('a', 'r'), took('b', 's'), nack('r'), took('a', 't')),
      null,
      [['first-in-first-out', 'met']],
    ],
    [
      'hands out the second and still has the first',
      inTurn(put('a'), put('b'), took('b', 'r'), left('a', 'b')),
      null,
      [['first-in-first-out', 'violated']],
    ],
    [
      'may have handed out the first to nobody',
      inTurn(put('a'), put('b'), [5, 'take', 1_000, null, 'info'], took('b', 'r'), took('a', 's')),
      null,
      [['first-in-first-out', 'unknown']],
    ],
    [
      'hands out another before two equal ones, of which one came first',
      inTurn(put('a'), put('b'), put('a'), took('b', 'r'), left('a', 'b', 'a')),
      null,
      [['first-in-first-out', 'violated']],
    ],
    // Leases.
    [
      'leases one message to three at a time, though each two may be apart',
      [
        ...[1, 2, 3].flatMap((process): EventInput[] => [
          { process, type: 'invoke', f: 'take', value: 50, time: 10e6 + process },
        ]),
        ...[1, 2, 3].flatMap((process): EventInput[] => [
          { process, type: 'ok', f: 'take', value: ['a', `r${process}`], time: 90e6 + process },
        ]),
      ],
      ['a'],
      [['no-double-leases', 'violated']],
    ],
    [
      'leases one message to two who may be apart',
      [
        ...[1, 2].flatMap((process): EventInput[] => [
          { process, type: 'invoke', f: 'take', value: 50, time: 10e6 + process },
        ]),
        ...[1, 2].flatMap((process): EventInput[] => [
          { process, type: 'ok', f: 'take', value: ['a', `r${process}`], time: 90e6 + process },
        ]),
      ],
      ['a'],
      [['no-double-leases', 'met']],
    ],
    [
      'frees one lease by giving it back once',
      inTurn(put('a'), took('a', 'r'), nack('r'), took('a', 's', 2), took('a', 't', 3)),
      null,
      [['no-double-leases', 'violated']],
    ],
    [
      'frees a lease by an acknowledgement that may have arrived',
      inTurn(put('a'), took('a', 'r'), ack('r', 'info'), took('a', 's', 2)),
      null,
      [['no-double-leases', 'met']],
    ],
    [
      'leases two equal messages at a time',
      inTurn(put('a'), put('a'), took('a', 'r'), took('a', 's', 2)),
      null,
      [['no-double-leases', 'met']],
    ],
    [
      'hands out a message again once its lease is over',
      inTurn(put('a'), took('a', 'r'), 2_000, took('a', 's', 2)),
      null,
      [
        ['no-double-leases', 'met'],
        ['no-repeats', 'violated'],
      ],
    ],
    // Giving back.
    [
      'repeats a message before it is given back',
      inTurn(put('a'), took('a', 'r', 1, 1), 100, took('a', 's', 2, 1), 200, nack('r')),
      null,
      [['no-repeats', 'violated']],
    ],
    [
      'repeats no message that is given back',
      inTurn(put('a'), took('a', 'r', 1, 1), 100, nack('r'), took('a', 's', 2, 1)),
      null,
      [['no-repeats', 'met']],
    ],
  ])('%s', (_, events, initial, told) => {
    const { levels } = judged('work-queue', events, initial)
    expect(told.map(([level]) => [level, levels[level]?.result])).toEqual(told)
  })

  test('is refused if two messages have the same receipt, with advice on what to record', () => {
    expect(() => judged('work-queue', inTurn(put('a'), put('b'), took('a', 'r'), took('b', 'r', 2)))).toThrow(
      'it returns "b" with the receipt "r", which was returned with "a", too, so that nobody knows what was acknowledged. Record receipts that differ, such as [channel, tag].',
    )
  })

  test('does not count a take as a delivery if its answer only repeats the requested lease', () => {
    const { levels } = judged('work-queue', inTurn([1, 'take', 50, 50], put('a'), left('a')))
    expect(levels['exactly-once']?.result).toBe('met')
  })

  test('refuses an initial value that is no list', () => {
    expect(() => judged('work-queue', inTurn(put('a')), 'a')).toThrow(
      'the initial value of the work queue is "a", which is not a list.',
    )
  })

  test('a counterexample to no-handouts-after-ack contains the acknowledged take and not an earlier unacknowledged take', () => {
    const events = inTurn(
      put('a'),
      took('a', 'r', 1, 1),
      50,
      took('a', 's', 2, 1),
      ack('s', 'ok', 2),
      100,
      took('a', 't', 3),
    )
    const verdict = judged('work-queue', events).levels['no-handouts-after-ack']
    // The enqueue, the take of s, its acknowledgement and the take of t.
    const core =
      verdict?.result === 'violated' ? verdict.counterexample.operations.filter(({ role }) => role === 'core') : []
    expect(core.map(({ operation }) => operation)).toEqual([0, 2, 3, 4])
    expect(verdict).toMatchObject({
      counterexample: {
        sentence: 'process 2 acknowledged "a" of the queue, and process 3 got it all the same, later.',
      },
    })
  })
})

const send = (process: number, message: Json, offset: number | null, type: 'ok' | 'fail' | 'info' = 'ok'): Line => [
  process,
  'send',
  [['send', 'k', message]],
  type === 'ok' ? [['send', 'k', offset === null ? message : [offset, message]]] : [['send', 'k', message]],
  type,
]
const poll = (process: number, from: number | null, ...got: readonly (readonly [number, Json])[]): Line => [
  process,
  'poll',
  { k: from },
  { k: got.map((each): Json => [...each]) },
]
const assign = (process: number, committed: Json): Line => [process, 'assign', ['k'], committed]
const commit = (process: number, offset: number, type: 'ok' | 'info' = 'ok'): Line => [
  process,
  'commit_offsets',
  { k: offset },
  null,
  type,
]
const abc = [send(0, 'a', 0), send(0, 'b', 1), send(0, 'c', 2)]
const all = poll(9, 0, [0, 'a'], [1, 'b'], [2, 'c'])
/** Five polls in vain after everything was healed. */
const inVain = (process: number, from: number | null): EventInput[] =>
  Array.from({ length: 5 }, (): EventInput[] => [
    { process, type: 'invoke', f: 'poll', value: { k: from }, final: true },
    { process, type: 'ok', f: 'poll', value: { k: [] }, final: true },
  ]).flat()
/** Two operations that overlap: the first is answered while the second is under way. */
const overlapping = (one: Line, other: Line): EventInput[] => {
  const [[begun, done], [begins, ends]] = [inTurn(one), inTurn(other)]
  return [begun, begins, done, ends].flatMap((each, ms) => (each === undefined ? [] : [{ ...each, time: ms * 1e6 }]))
}

describe('a stream', () => {
  test.each<readonly [title: string, events: EventInput[], told: readonly Told[]]>([
    // Where a consumer is that asked in vain.
    [
      'goes on from where a consumer asked in vain',
      inTurn(
        send(0, 'a', 0),
        poll(1, 0, [0, 'a']),
        poll(1, 5),
        send(0, 'b', 1),
        send(0, 'f', 5),
        poll(1, null, [5, 'f']),
      ),
      [['no-skips', 'met']],
    ],
    [
      'skips a message after the place that was asked in vain',
      inTurn(...abc, poll(1, 0, [0, 'a']), poll(1, 1), poll(1, null, [2, 'c'])),
      [['no-skips', 'violated']],
    ],
    [
      'goes back before the place that was asked in vain',
      inTurn(...abc, poll(1, 0, [0, 'a']), poll(1, 2), poll(1, null, [1, 'b'])),
      [['monotonic-polls', 'violated']],
    ],
    [
      'stays where it is after asking in vain for where it is',
      inTurn(...abc, poll(1, 0, [0, 'a']), poll(1, null), poll(1, null, [2, 'c'])),
      [['no-skips', 'violated']],
    ],
    [
      'may go anywhere after an assignment that follows a poll in vain',
      inTurn(...abc, poll(1, 0, [0, 'a']), poll(1, 1), assign(1, {}), poll(1, null, [2, 'c'])),
      [['no-skips', 'met']],
    ],
    // One offset for two messages.
    [
      'confirms two equal messages of two producers at one offset',
      inTurn(send(0, 'a', 0), send(1, 'a', 0), poll(2, 0, [0, 'a'])),
      [['consistent-offsets', 'violated']],
    ],
    [
      'confirms two messages of two producers at one offset',
      inTurn(send(0, 'a', 0), send(1, 'b', 0), poll(2, 0, [0, 'a'])),
      [['consistent-offsets', 'violated']],
    ],
    [
      'confirms two equal messages at two offsets',
      inTurn(send(0, 'a', 0), send(1, 'a', 1), poll(2, 0, [0, 'a'], [1, 'a'])),
      [
        ['consistent-offsets', 'met'],
        ['no-duplicates', 'met'],
      ],
    ],
    [
      'confirms one message that was tried before without an answer',
      inTurn(send(0, 'a', 0, 'info'), send(1, 'a', 0), poll(2, 0, [0, 'a'])),
      [['consistent-offsets', 'met']],
    ],
    [
      'confirms two equal messages of one batch at one offset',
      inTurn(
        [
          0,
          'send',
          [
            ['send', 'k', 'a'],
            ['send', 'k', 'a'],
          ],
          [
            ['send', 'k', [0, 'a']],
            ['send', 'k', [0, 'a']],
          ],
        ],
        poll(2, 0, [0, 'a']),
      ),
      [['consistent-offsets', 'violated']],
    ],
    // Before it was sent.
    [
      'shows a message before it is sent',
      inTurn(poll(1, 0, [0, 'a']), send(0, 'a', 0), poll(1, 0, [0, 'a'])),
      [['no-aborted-reads', 'violated']],
    ],
    [
      'shows a message while it is sent',
      overlapping(poll(1, 0, [0, 'a']), send(0, 'a', 0)),
      [['no-aborted-reads', 'met']],
    ],
    [
      'shows a message that was sent without an answer',
      inTurn(send(0, 'a', 0, 'info'), poll(1, 0, [0, 'a']), send(2, 'b', 1)),
      [['no-aborted-reads', 'met']],
    ],
    [
      'shows a message before it is sent without an answer',
      inTurn(send(2, 'b', 0), poll(1, 0, [0, 'b'], [1, 'a']), send(0, 'a', 1, 'info')),
      [['no-aborted-reads', 'violated']],
    ],
    [
      'shows the second of two equal messages before it is sent',
      inTurn(send(0, 'a', 0), poll(1, 0, [0, 'a'], [1, 'a']), send(0, 'a', 1)),
      [['no-aborted-reads', 'violated']],
    ],
    [
      'shows two equal messages early, of which one may have been sent without its offset',
      inTurn(send(0, 'c', null), poll(1, 0, [1, 'c'], [2, 'c']), send(1, 'c', 1), send(2, 'c', 2)),
      [['no-aborted-reads', 'violated']],
    ],
    [
      'shows one equal message early, which may have been sent without its offset',
      inTurn(send(0, 'c', null), poll(1, 0, [1, 'c']), send(1, 'c', 1)),
      [['no-aborted-reads', 'met']],
    ],
    [
      'shows what may be older than the record',
      inTurn(send(0, 'b', 7), poll(1, 3, [3, 'x'], [7, 'b'])),
      [['no-aborted-reads', 'unknown']],
    ],
    // What an assignment tells.
    [
      'skips a message after the committed offset',
      inTurn(...abc, commit(1, 0), assign(1, { k: 0 }), poll(1, null, [2, 'c'])),
      [['no-skips', 'violated']],
    ],
    [
      'goes on after the committed offset',
      inTurn(...abc, commit(1, 0), assign(1, { k: 0 }), poll(1, null, [1, 'b'])),
      [
        ['no-skips', 'met'],
        ['monotonic-polls', 'met'],
      ],
    ],
    [
      'goes on at the committed offset',
      inTurn(...abc, commit(1, 1), assign(1, { k: 1 }), poll(1, null, [1, 'b'])),
      [
        ['no-skips', 'met'],
        ['monotonic-polls', 'met'],
      ],
    ],
    [
      'goes back before the committed offset',
      inTurn(...abc, commit(1, 1), assign(1, { k: 1 }), poll(1, null, [0, 'a'])),
      [['monotonic-polls', 'violated']],
    ],
    [
      'skips the message at the offset where it is to go on',
      inTurn(...abc, commit(1, 0), assign(1, { k: 1 }), poll(1, null, [2, 'c'])),
      [['no-skips', 'violated']],
    ],
    [
      'goes on after what a commit without an answer may have said',
      inTurn(...abc, commit(2, 1, 'info'), assign(1, { k: 1 }), poll(1, null, [2, 'c'])),
      [['no-skips', 'met']],
    ],
    [
      'leaves a message unseen after the committed offset',
      [...inTurn(...abc, all, commit(1, 0), assign(1, { k: 0 })), ...inVain(1, null)],
      [['no-unseen', 'violated']],
    ],
    [
      'has nothing after the committed offset',
      [...inTurn(...abc, all, commit(1, 2), assign(1, { k: 2 })), ...inVain(1, null)],
      [['faithful', 'met']],
    ],
    // Equal messages.
    [
      'may have lost the second of two equal messages',
      [...inTurn(send(0, 'a', 0), send(1, 'a', null), poll(2, 0, [0, 'a'])), ...inVain(2, 1)],
      [
        ['no-unseen', 'unknown'],
        ['no-lost-writes', 'unknown'],
      ],
    ],
    [
      'shows both of two equal messages',
      [...inTurn(send(0, 'a', 0), send(1, 'a', null), poll(2, 0, [0, 'a'], [1, 'a'])), ...inVain(2, 2)],
      [['faithful', 'met']],
    ],
    [
      'shows a third of two equal messages',
      inTurn(send(0, 'a', 0), send(1, 'a', 1), poll(2, 0, [0, 'a'], [1, 'a'], [2, 'a'])),
      [['no-duplicates', 'violated']],
    ],
    [
      'stores one of two equal messages at a place that nobody was told',
      inTurn(send(0, 'a', 0), send(1, 'a', 0, 'info'), poll(2, 0, [0, 'a'], [1, 'a'])),
      [['no-duplicates', 'met']],
    ],
    [
      'puts an equal message before what its producer had sent',
      inTurn(send(0, 'x', 5), send(0, 'a', null), send(1, 'a', 9), poll(2, 0, [3, 'a'], [5, 'x'], [9, 'a'])),
      [['monotonic-sends', 'violated']],
    ],
    [
      'puts two equal messages so that no order of their producers is right',
      inTurn(
        send(0, 'x', 5),
        send(1, 'y', 6),
        send(0, 'a', null),
        send(1, 'a', null),
        poll(2, 0, [3, 'a'], [4, 'a'], [5, 'x'], [6, 'y']),
      ),
      [['monotonic-sends', 'violated']],
    ],
    [
      'puts two equal messages so that one order of their producers is right',
      inTurn(
        send(0, 'x', 5),
        send(1, 'y', 8),
        send(0, 'a', null),
        send(1, 'a', null),
        poll(2, 0, [5, 'x'], [7, 'a'], [8, 'y'], [9, 'a']),
      ),
      [['monotonic-sends', 'met']],
    ],
  ])('%s', (_, events, told) => {
    const { levels } = judged('stream', events)
    expect(told.map(([level]) => [level, levels[level]?.result])).toEqual(told)
  })
})

test('a stream refuses every initial value except unknown', () => {
  expect(() => judged('stream', inTurn(...abc, all), ['a'])).toThrow('the initial value of a stream cannot be ["a"]')
  expect(judged('stream', inTurn(...abc, all), 'unknown').levels['no-aborted-reads']?.result).toBe('met')
})
