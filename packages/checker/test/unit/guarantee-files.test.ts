import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type EventInput, historyFromEvents, type Json, millis } from '@chaosproxy/history'
import { readHistory } from '@chaosproxy/history/files'
import { describe, expect, test } from 'vitest'
import { checkProved } from '../proof/proving.ts'

// Histories of streams and work queues that were once judged wrongly, with similar histories.

const cases = fileURLToPath(new URL('../../../../../shared/cases/checker', import.meta.url))

type LevelResult = readonly [level: string, result: 'met' | 'violated' | 'unknown']

const options = (model: string, initial: Json) => ({
  ...{ model, initial, failedCas: 'drop' as const, memoryBytes: 1e9 },
  ...{ deadlineMs: millis(10_000), now: () => millis(0) },
})

function judged(model: string, events: readonly EventInput[], initial: Json = null) {
  const levels = model === 'stream' ? ['faithful'] : ['exactly-once']
  return checkProved(historyFromEvents(events), { ...options(model, initial), levels })
}

describe.runIf(existsSync(cases))('the catalogue of guarantees', () => {
  test.each<readonly [file: string, model: string, initial: Json, expected: readonly LevelResult[]]>([
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
    'the file %s, checked as model %s from initial value %j, gets the verdicts in the catalogue',
    async (file, model, initial, expected) => {
      const history = await readHistory(join(cases, file))
      const { levels } = checkProved(history, { ...options(model, initial), levels: expected.map(([level]) => level) })
      expect(expected.map(([level]) => [level, levels[level]?.result])).toEqual(expected)
    },
  )
})

/** Operations one after another, 1 ms each. A number before an operation is the time in ms at which it begins. */
type Line = readonly [process: number, f: string, input: Json, expected: Json, type?: 'ok' | 'fail' | 'info']

const inTurn = (...lines: readonly (Line | number)[]): EventInput[] => {
  let ms = 0
  return lines.flatMap((line): EventInput[] => {
    if (typeof line === 'number') {
      ms = line
      return []
    }
    const [process, f, input, output, type = 'ok'] = line
    return [
      { process, type: 'invoke', f, value: input, time: ms++ * 1e6 },
      { process, type, f, value: output, time: ms++ * 1e6 },
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
  test.each<readonly [title: string, events: EventInput[], initial: Json, expected: readonly LevelResult[]]>([
    // Initial content.
    [
      'meets exactly-once if it delivers a message of the initial value',
      inTurn(took('x', 'r'), ack('r'), left()),
      ['x'],
      [['exactly-once', 'met']],
    ],
    [
      'meets exactly-once if it delivers two equal messages, one of the initial value',
      inTurn(put('x'), took('x', 'r'), ack('r'), took('x', 's'), ack('s'), left()),
      ['x'],
      [['exactly-once', 'met']],
    ],
    [
      'violates no-invented-messages if it delivers a message that is not in the initial value',
      inTurn(put('x'), took('y', 'r'), ack('r'), left('x')),
      ['z'],
      [['no-invented-messages', 'violated']],
    ],
    [
      'violates no-lost-messages if it loses a message of the initial value',
      inTurn(put('y'), took('y', 'r'), ack('r'), left()),
      ['x'],
      [['no-lost-messages', 'violated']],
    ],
    [
      'violates first-in-first-out if it delivers the initial value in another order',
      inTurn(took('y', 'r'), took('x', 's'), ack('r'), ack('s'), left()),
      ['x', 'y'],
      [['first-in-first-out', 'violated']],
    ],
    [
      'violates first-in-first-out if it delivers an enqueued message before the initial value',
      inTurn(put('y'), took('y', 'r'), took('x', 's'), left('x', 'y')),
      ['x'],
      [['first-in-first-out', 'violated']],
    ],
    [
      'leaves no-handouts-after-ack unknown for a repeated message if the initial value is unknown',
      inTurn(put('x'), took('x', 'r'), ack('r'), took('x', 's'), ack('s'), left()),
      'unknown',
      [['no-handouts-after-ack', 'unknown']],
    ],
    [
      'violates no-handouts-after-ack if it delivers a receipt again, even if the initial value is unknown',
      inTurn(put('x'), took('x', 'r'), ack('r'), took('x', 'r', 2)),
      'unknown',
      [['no-handouts-after-ack', 'violated']],
    ],
    [
      'violates no-lost-messages if it loses a message, even if the initial value is unknown',
      inTurn(put('x'), took('x', 'r'), left()),
      'unknown',
      [['no-lost-messages', 'violated']],
    ],
    // Equal messages.
    [
      'meets exactly-once if it keeps both of two equal messages',
      inTurn(put('x'), put('x'), took('x', 'r'), left('x', 'x')),
      null,
      [['exactly-once', 'met']],
    ],
    [
      'meets exactly-once if it keeps one of two equal messages after the other was acknowledged',
      inTurn(put('x'), put('x'), took('x', 'r'), ack('r'), left('x')),
      null,
      [['exactly-once', 'met']],
    ],
    [
      'violates at-least-once if it loses one of two equal messages',
      inTurn(put('x'), put('x'), left('x')),
      null,
      [['at-least-once', 'violated']],
    ],
    [
      'meets exactly-once if it lacks an equal message whose enqueue has an unknown outcome',
      inTurn(put('x'), put('x', 'info'), took('x', 'r', 2), ack('r', 'ok', 2), left()),
      null,
      [['exactly-once', 'met']],
    ],
    [
      'violates at-least-once if one of two equal messages was acknowledged twice and the other is missing',
      inTurn(put('x'), put('x'), took('x', 'r'), ack('r'), ack('r'), left()),
      null,
      [['at-least-once', 'violated']],
    ],
    [
      'violates no-repeats and no-double-leases if it delivers two equal messages three times',
      inTurn(put('x'), put('x'), took('x', 'r'), took('x', 's', 2), took('x', 't', 3)),
      null,
      [
        ['no-repeats', 'violated'],
        ['no-double-leases', 'violated'],
      ],
    ],
    [
      'violates no-invented-messages if it keeps two equal messages of one enqueue',
      inTurn(put('x'), left('x', 'x')),
      null,
      [['no-invented-messages', 'violated']],
    ],
    [
      'violates no-lost-messages if it loses a message enqueued after an equal message was acknowledged',
      inTurn(put('x', 'info'), took('x', 'r'), ack('r'), put('x', 'ok', 5), left()),
      null,
      [['no-lost-messages', 'violated']],
    ],
    // The order.
    [
      'meets first-in-first-out if it delivers in order after its messages were listed',
      inTurn(put('a'), put('b'), left('a', 'b'), took('a', 'r'), took('b', 's'), left('a', 'b')),
      null,
      [['first-in-first-out', 'met']],
    ],
    [
      'violates first-in-first-out if it delivers out of order before its messages are listed',
      inTurn(put('a'), put('b'), took('b', 'r'), left('a', 'b'), took('a', 's')),
      null,
      [['first-in-first-out', 'violated']],
    ],
    [
      'meets first-in-first-out if it delivers a message out of order after a nack',
      inTurn(put('a'), put('b'), took('a', 'r'), took('b', 's'), nack('r'), took('a', 't')),
      null,
      [['first-in-first-out', 'met']],
    ],
    [
      'violates first-in-first-out if it delivers the second message and keeps the first',
      inTurn(put('a'), put('b'), took('b', 'r'), left('a', 'b')),
      null,
      [['first-in-first-out', 'violated']],
    ],
    [
      'leaves first-in-first-out unknown if a take of unknown outcome may have got the first message',
      inTurn(put('a'), put('b'), [5, 'take', 1_000, null, 'info'], took('b', 'r'), took('a', 's')),
      null,
      [['first-in-first-out', 'unknown']],
    ],
    [
      'violates first-in-first-out if it delivers the second message before the first of two equal messages',
      inTurn(put('a'), put('b'), put('a'), took('b', 'r'), left('a', 'b', 'a')),
      null,
      [['first-in-first-out', 'violated']],
    ],
    // Leases.
    [
      'violates no-double-leases if three leases of a message cannot all be apart',
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
      'meets no-double-leases if two leases of a message may be apart',
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
      'violates no-double-leases if it leases a message twice after one nack',
      inTurn(put('a'), took('a', 'r'), nack('r'), took('a', 's', 2), took('a', 't', 3)),
      null,
      [['no-double-leases', 'violated']],
    ],
    [
      'meets no-double-leases if an acknowledgement of unknown outcome may have ended the lease',
      inTurn(put('a'), took('a', 'r'), ack('r', 'info'), took('a', 's', 2)),
      null,
      [['no-double-leases', 'met']],
    ],
    [
      'meets no-double-leases if it leases two equal messages simultaneously',
      inTurn(put('a'), put('a'), took('a', 'r'), took('a', 's', 2)),
      null,
      [['no-double-leases', 'met']],
    ],
    [
      'violates no-repeats but meets no-double-leases if it delivers a message again after its lease',
      inTurn(put('a'), took('a', 'r'), 2_000, took('a', 's', 2)),
      null,
      [
        ['no-double-leases', 'met'],
        ['no-repeats', 'violated'],
      ],
    ],
    // Giving back.
    [
      'violates no-repeats if it delivers a message again before its nack',
      inTurn(put('a'), took('a', 'r', 1, 1), 100, took('a', 's', 2, 1), 200, nack('r')),
      null,
      [['no-repeats', 'violated']],
    ],
    [
      'meets no-repeats if it delivers a message again after its nack',
      inTurn(put('a'), took('a', 'r', 1, 1), 100, nack('r'), took('a', 's', 2, 1)),
      null,
      [['no-repeats', 'met']],
    ],
  ])('check finds that the work queue %s', (_, events, initial, expected) => {
    const { levels } = judged('work-queue', events, initial)
    expect(expected.map(([level]) => [level, levels[level]?.result])).toEqual(expected)
  })

  test('a history of a work queue is refused if two messages have one receipt, with advice on what to record', () => {
    expect(() => judged('work-queue', inTurn(put('a'), put('b'), took('a', 'r'), took('b', 'r', 2)))).toThrow(
      'it returns "b" with the receipt "r", which was returned with "a" as well, so it is unknown which of the two was acknowledged. Record unique receipts, such as [channel, tag].',
    )
  })

  test('a take of a work queue delivers no message if its answer only repeats the requested lease', () => {
    const { levels } = judged('work-queue', inTurn([1, 'take', 50, 50], put('a'), left('a')))
    expect(levels['exactly-once']?.result).toBe('met')
  })

  test('the initial value of a work queue must be a list', () => {
    expect(() => judged('work-queue', inTurn(put('a')), 'a')).toThrow(
      'the initial value of the work queue is "a", which is not a list.',
    )
  })

  test('a counterexample to no-handouts-after-ack contains the acknowledged take, and no unacknowledged take', () => {
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
    // The core: the enqueue, the take of s, its acknowledgement, and the take of t.
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
/** Five empty polls after all faults were healed. */
const inVain = (process: number, from: number | null): EventInput[] =>
  Array.from({ length: 5 }, (): EventInput[] => [
    { process, type: 'invoke', f: 'poll', value: { k: from }, final: true },
    { process, type: 'ok', f: 'poll', value: { k: [] }, final: true },
  ]).flat()
/** Two overlapping operations. The first returns before the second does. */
const overlapping = (one: Line, other: Line): EventInput[] => {
  const [[begun, done], [begins, ends]] = [inTurn(one), inTurn(other)]
  return [begun, begins, done, ends].flatMap((each, ms) => (each === undefined ? [] : [{ ...each, time: ms * 1e6 }]))
}

describe('a stream', () => {
  test.each<readonly [title: string, events: EventInput[], expected: readonly LevelResult[]]>([
    // The position of a consumer after an empty poll.
    [
      'meets no-skips if a consumer continues from an offset that it polled in vain',
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
      'violates no-skips if a consumer skips the message at an offset that it polled in vain',
      inTurn(...abc, poll(1, 0, [0, 'a']), poll(1, 1), poll(1, null, [2, 'c'])),
      [['no-skips', 'violated']],
    ],
    [
      'violates monotonic-polls if a consumer goes back before an offset that it polled in vain',
      inTurn(...abc, poll(1, 0, [0, 'a']), poll(1, 2), poll(1, null, [1, 'b'])),
      [['monotonic-polls', 'violated']],
    ],
    [
      'violates no-skips if a consumer skips a message after a poll in vain from its own position',
      inTurn(...abc, poll(1, 0, [0, 'a']), poll(1, null), poll(1, null, [2, 'c'])),
      [['no-skips', 'violated']],
    ],
    [
      'meets no-skips if a consumer moves after an assignment that follows a poll in vain',
      inTurn(...abc, poll(1, 0, [0, 'a']), poll(1, 1), assign(1, {}), poll(1, null, [2, 'c'])),
      [['no-skips', 'met']],
    ],
    // Two messages at one offset.
    [
      'violates consistent-offsets if it confirms equal messages of two producers at one offset',
      inTurn(send(0, 'a', 0), send(1, 'a', 0), poll(2, 0, [0, 'a'])),
      [['consistent-offsets', 'violated']],
    ],
    [
      'violates consistent-offsets if it confirms different messages of two producers at one offset',
      inTurn(send(0, 'a', 0), send(1, 'b', 0), poll(2, 0, [0, 'a'])),
      [['consistent-offsets', 'violated']],
    ],
    [
      'meets consistent-offsets and no-duplicates if it confirms two equal messages at two offsets',
      inTurn(send(0, 'a', 0), send(1, 'a', 1), poll(2, 0, [0, 'a'], [1, 'a'])),
      [
        ['consistent-offsets', 'met'],
        ['no-duplicates', 'met'],
      ],
    ],
    [
      'meets consistent-offsets if it confirms a message whose first send has an unknown outcome',
      inTurn(send(0, 'a', 0, 'info'), send(1, 'a', 0), poll(2, 0, [0, 'a'])),
      [['consistent-offsets', 'met']],
    ],
    [
      'violates consistent-offsets if it confirms two equal messages of one batch at one offset',
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
    // Messages that are delivered before their sends.
    [
      'violates no-aborted-reads if it delivers a message before its send',
      inTurn(poll(1, 0, [0, 'a']), send(0, 'a', 0), poll(1, 0, [0, 'a'])),
      [['no-aborted-reads', 'violated']],
    ],
    [
      'meets no-aborted-reads if it delivers a message during its send',
      overlapping(poll(1, 0, [0, 'a']), send(0, 'a', 0)),
      [['no-aborted-reads', 'met']],
    ],
    [
      'meets no-aborted-reads if it delivers a message whose send has an unknown outcome',
      inTurn(send(0, 'a', 0, 'info'), poll(1, 0, [0, 'a']), send(2, 'b', 1)),
      [['no-aborted-reads', 'met']],
    ],
    [
      'violates no-aborted-reads if it delivers a message before its send of unknown outcome',
      inTurn(send(2, 'b', 0), poll(1, 0, [0, 'b'], [1, 'a']), send(0, 'a', 1, 'info')),
      [['no-aborted-reads', 'violated']],
    ],
    [
      'violates no-aborted-reads if it delivers the second of two equal messages before its send',
      inTurn(send(0, 'a', 0), poll(1, 0, [0, 'a'], [1, 'a']), send(0, 'a', 1)),
      [['no-aborted-reads', 'violated']],
    ],
    [
      'violates no-aborted-reads if it delivers two equal messages early and only one send lacks its offset',
      inTurn(send(0, 'c', null), poll(1, 0, [1, 'c'], [2, 'c']), send(1, 'c', 1), send(2, 'c', 2)),
      [['no-aborted-reads', 'violated']],
    ],
    [
      'meets no-aborted-reads if an earlier send without an offset explains the delivered message',
      inTurn(send(0, 'c', null), poll(1, 0, [1, 'c']), send(1, 'c', 1)),
      [['no-aborted-reads', 'met']],
    ],
    [
      'leaves no-aborted-reads unknown if a delivered message may be older than the record',
      inTurn(send(0, 'b', 7), poll(1, 3, [3, 'x'], [7, 'b'])),
      [['no-aborted-reads', 'unknown']],
    ],
    // Offsets that an assignment returns to a consumer.
    [
      'violates no-skips if an assigned consumer skips a message after the committed offset',
      inTurn(...abc, commit(1, 0), assign(1, { k: 0 }), poll(1, null, [2, 'c'])),
      [['no-skips', 'violated']],
    ],
    [
      'meets no-skips and monotonic-polls if an assigned consumer continues after the committed offset',
      inTurn(...abc, commit(1, 0), assign(1, { k: 0 }), poll(1, null, [1, 'b'])),
      [
        ['no-skips', 'met'],
        ['monotonic-polls', 'met'],
      ],
    ],
    [
      'meets no-skips and monotonic-polls if an assigned consumer continues at the committed offset',
      inTurn(...abc, commit(1, 1), assign(1, { k: 1 }), poll(1, null, [1, 'b'])),
      [
        ['no-skips', 'met'],
        ['monotonic-polls', 'met'],
      ],
    ],
    [
      'violates monotonic-polls if an assigned consumer goes back before the committed offset',
      inTurn(...abc, commit(1, 1), assign(1, { k: 1 }), poll(1, null, [0, 'a'])),
      [['monotonic-polls', 'violated']],
    ],
    [
      'violates no-skips if a consumer skips the message at its assigned offset',
      inTurn(...abc, commit(1, 0), assign(1, { k: 1 }), poll(1, null, [2, 'c'])),
      [['no-skips', 'violated']],
    ],
    [
      'meets no-skips if a commit of unknown outcome explains the assigned offset',
      inTurn(...abc, commit(2, 1, 'info'), assign(1, { k: 1 }), poll(1, null, [2, 'c'])),
      [['no-skips', 'met']],
    ],
    [
      'violates no-unseen if it delivers no message after the committed offset in final polls',
      [...inTurn(...abc, all, commit(1, 0), assign(1, { k: 0 })), ...inVain(1, null)],
      [['no-unseen', 'violated']],
    ],
    [
      'meets faithful if it has no message after the committed offset',
      [...inTurn(...abc, all, commit(1, 2), assign(1, { k: 2 })), ...inVain(1, null)],
      [['faithful', 'met']],
    ],
    // Equal messages.
    [
      'leaves no-unseen and no-lost-writes unknown if one of two equal messages has no offset and is missing',
      [...inTurn(send(0, 'a', 0), send(1, 'a', null), poll(2, 0, [0, 'a'])), ...inVain(2, 1)],
      [
        ['no-unseen', 'unknown'],
        ['no-lost-writes', 'unknown'],
      ],
    ],
    [
      'meets faithful if it delivers both of two equal messages',
      [...inTurn(send(0, 'a', 0), send(1, 'a', null), poll(2, 0, [0, 'a'], [1, 'a'])), ...inVain(2, 2)],
      [['faithful', 'met']],
    ],
    [
      'violates no-duplicates if it delivers two equal messages three times',
      inTurn(send(0, 'a', 0), send(1, 'a', 1), poll(2, 0, [0, 'a'], [1, 'a'], [2, 'a'])),
      [['no-duplicates', 'violated']],
    ],
    [
      'meets no-duplicates if an equal message of unknown outcome is at an unreported offset',
      inTurn(send(0, 'a', 0), send(1, 'a', 0, 'info'), poll(2, 0, [0, 'a'], [1, 'a'])),
      [['no-duplicates', 'met']],
    ],
    [
      'violates monotonic-sends if it stores an equal message before an earlier message of its producer',
      inTurn(send(0, 'x', 5), send(0, 'a', null), send(1, 'a', 9), poll(2, 0, [3, 'a'], [5, 'x'], [9, 'a'])),
      [['monotonic-sends', 'violated']],
    ],
    [
      'violates monotonic-sends if no assignment of two equal messages to producers keeps their orders',
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
      'meets monotonic-sends if one assignment of two equal messages to producers keeps their orders',
      inTurn(
        send(0, 'x', 5),
        send(1, 'y', 8),
        send(0, 'a', null),
        send(1, 'a', null),
        poll(2, 0, [5, 'x'], [7, 'a'], [8, 'y'], [9, 'a']),
      ),
      [['monotonic-sends', 'met']],
    ],
  ])('check finds that the stream %s', (_, events, expected) => {
    const { levels } = judged('stream', events)
    expect(expected.map(([level]) => [level, levels[level]?.result])).toEqual(expected)
  })
})

test('a stream refuses ["a"] as initial value and accepts "unknown"', () => {
  expect(() => judged('stream', inTurn(...abc, all), ['a'])).toThrow('the initial value of a stream cannot be ["a"]')
  expect(judged('stream', inTurn(...abc, all), 'unknown').levels['no-aborted-reads']?.result).toBe('met')
})
