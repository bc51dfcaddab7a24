import { expect, test } from 'vitest'
import { Refused, Undecided, Unreadable } from '../../src/index.ts'
import { history, verified } from '../maker.ts'

// Proofs of what is false, each made by hand against one rule of a guarantee. Each stands beside a history that differs in
// that one thing, and of which the same proof is accepted.

interface More {
  readonly key?: string
  readonly final?: boolean
  /** In ms. */
  readonly at?: number
}

type Line = readonly [
  process: number,
  f: string,
  asked: unknown,
  type: 'ok' | 'fail' | 'info',
  told?: unknown,
  more?: More,
]

/** Each operation returns before the next is called: operation n is called on line 2n - 1. */
const inTurn = (lines: readonly Line[]): string =>
  lines
    .flatMap(([process, f, asked, type, told = asked, { key, final, at } = {}]) => {
      const of = { process, f, key, final, time: at === undefined ? undefined : at * 1e6 }
      return [
        { ...of, type: 'invoke', value: asked },
        { ...of, type, value: told },
      ]
    })
    .map((event) => `${JSON.stringify(event)}\n`)
    .join('')

function verdictOf(text: string, head: object, entries: readonly object[]): string {
  try {
    const { findings } = verified(text, head as { readonly model: string }, entries)
    return findings.at(-1)?.verdict ?? 'none'
  } catch (error) {
    if (error instanceof Refused || error instanceof Undecided || error instanceof Unreadable) return 'refused'
    throw error
  }
}

const violated = (level: string, ...core: readonly number[]) => ({ level, result: 'violated', core })
const met = (level: string) => ({ level, result: 'met', whole: true })

/** `start`: what was there at first where the proof is false, nothing where it is true. */
type Attack = readonly [
  what: string,
  proof: object,
  isFalse: readonly Line[],
  isTrue: readonly Line[],
  start?: { readonly initial?: readonly unknown[] },
]

const put = (message: unknown, type: 'ok' | 'fail' | 'info' = 'ok', more: More = {}): Line => [
  0,
  'enqueue',
  message,
  type,
  message,
  more,
]
const took = (message: unknown, receipt: string, leaseMs: number | null = null, more: More = {}): Line => [
  1,
  'take',
  leaseMs,
  'ok',
  [message, receipt],
  more,
]
const settled = (f: 'ack' | 'nack', receipt: string, type: 'ok' | 'fail' | 'info' = 'ok', more: More = {}): Line => [
  1,
  f,
  receipt,
  type,
  receipt,
  more,
]
const left = (messages: readonly unknown[], more: More = {}): Line => [9, 'remaining', null, 'ok', messages, more]

const ofWorkQueues: readonly Attack[] = [
  [
    'backward times of one delivery count as two simultaneous leases',
    violated('no-double-leases', 3, 5),
    [put('a', 'ok', { at: 0 }), took('a', 'r', null, { at: 900 }), settled('ack', 'r', 'ok', { at: 2 })],
    [put('a', 'ok', { at: 0 }), took('a', 'r', 10_000, { at: 1 }), took('a', 's', 10_000, { at: 2 })],
  ],
  [
    'an acknowledged message counts as lost',
    violated('no-lost-messages', 1, 7),
    [put('a'), took('a', 'r'), settled('ack', 'r'), left([])],
    [put('a'), took('a', 'r'), settled('nack', 'r'), left([])],
  ],
  [
    'a message of a failed enqueue counts as lost',
    violated('no-lost-messages', 3),
    [put('a', 'fail'), left([])],
    [put('a'), left([])],
  ],
  [
    'a message of an enqueue of unknown outcome counts as lost',
    violated('no-lost-messages', 3),
    [put('a', 'info'), left([])],
    [put('a'), left([])],
  ],
  [
    'a message that may have been acknowledged counts as lost',
    violated('no-lost-messages', 1, 7),
    [put('a'), took('a', 'r'), settled('ack', 'r', 'info'), left([])],
    [put('a'), took('a', 'r'), settled('ack', 'r', 'fail'), left([])],
  ],
  [
    'a message missing from another queue counts as lost',
    violated('no-lost-messages', 1, 3),
    [put('a', 'ok', { key: 'p' }), left([], { key: 'q' })],
    [put('a', 'ok', { key: 'p' }), left([], { key: 'p' })],
  ],
  [
    'a message missing from an earlier listing counts as lost',
    violated('no-lost-messages', 1, 3),
    [put('a'), left([]), left(['a'])],
    [put('a'), left([])],
  ],
  [
    'a message counts as lost by the lines of another message',
    violated('no-lost-messages', 1, 3, 5),
    [put('a'), put('b'), left([])],
    [put('a'), put('a'), left([])],
  ],
  [
    'a delivery after a nack counts as a repetition',
    violated('no-repeats', 3, 7),
    [put('a'), took('a', 'r'), settled('nack', 'r'), took('a', 's')],
    [put('a'), took('a', 'r'), settled('ack', 'r'), took('a', 's')],
  ],
  [
    'two equal messages count as a repetition',
    violated('no-repeats', 5, 7),
    [put('a'), put('a', 'info'), took('a', 'r'), took('a', 's')],
    [put('a'), put('a', 'fail'), took('a', 'r'), took('a', 's')],
  ],
  [
    'an expired lease counts as simultaneous with the next lease',
    violated('no-double-leases', 3, 5),
    [put('a', 'ok', { at: 1 }), took('a', 'r', 50, { at: 2 }), took('a', 's', 50, { at: 60 })],
    [put('a', 'ok', { at: 1 }), took('a', 'r', 50, { at: 2 }), took('a', 's', 50, { at: 40 })],
  ],
  [
    'a lease ended by a nack counts as simultaneous with the next lease',
    violated('no-double-leases', 3, 7),
    [
      put('a', 'ok', { at: 1 }),
      took('a', 'r', 50, { at: 2 }),
      settled('nack', 'r', 'ok', { at: 3 }),
      took('a', 's', 50, { at: 4 }),
    ],
    [
      put('a', 'ok', { at: 1 }),
      took('a', 'r', 50, { at: 2 }),
      settled('nack', 'r', 'fail', { at: 3 }),
      took('a', 's', 50, { at: 4 }),
    ],
  ],
  [
    'leases without times count as simultaneous',
    violated('no-double-leases', 3, 5),
    [put('a'), took('a', 'r', 50), took('a', 's', 50)],
    [put('a', 'ok', { at: 1 }), took('a', 'r', 50, { at: 2 }), took('a', 's', 50, { at: 40 })],
  ],
  [
    'a delivery before the acknowledgement counts as a delivery after it',
    violated('no-repeats', 5),
    [put('a'), settled('ack', 'r'), took('a', 'r')],
    [put('a'), took('a', 'q'), took('a', 'r')],
  ],
  [
    'a delivered message of an unknown enqueue counts as lost',
    violated('no-lost-messages', 1, 5),
    [put('a', 'info'), took('a', 'r'), left([])],
    [put('a'), took('a', 'r'), left([])],
  ],
  [
    'a lease that ended within the same millisecond counts as simultaneous with the next lease',
    violated('no-double-leases', 3, 5),
    [put('a', 'ok', { at: 1 }), took('a', 'r', 50, { at: 2 }), took('a', 's', 50, { at: 51 })],
    [put('a', 'ok', { at: 1 }), took('a', 'r', 50, { at: 2 }), took('a', 's', 50, { at: 50 })],
  ],
  [
    'a message that nobody enqueued and an equal enqueued message count as a repetition',
    violated('no-repeats', 5, 7),
    [left(['a']), put('a'), took('a', 'r'), took('a', 's')],
    [left([]), put('a'), took('a', 'r'), took('a', 's')],
  ],
  [
    'messages with one receipt count as two single deliveries',
    met('no-repeats'),
    [put('a'), put('b'), took('a', 'r'), took('b', 'r')],
    [put('a'), put('b'), took('a', 'r'), took('b', 's')],
  ],
  [
    'a lease that may have ended in time counts as simultaneous with the next lease',
    violated('no-double-leases', 5, 7),
    [
      put('a', 'ok', { at: 1 }),
      settled('ack', 'r', 'info', { at: 2 }),
      took('a', 'r', 50, { at: 3 }),
      took('a', 's', 50, { at: 9 }),
    ],
    [
      put('a', 'ok', { at: 1 }),
      settled('ack', 'r', 'fail', { at: 2 }),
      took('a', 'r', 50, { at: 3 }),
      took('a', 's', 50, { at: 9 }),
    ],
  ],
  [
    'times that go back count as times of leases',
    violated('no-double-leases', 3, 5),
    [put('a', 'ok', { at: 1 }), took('a', 'r', 50, { at: 3 }), took('a', 's', 50, { at: 2 })],
    [put('a', 'ok', { at: 1 }), took('a', 'r', 50, { at: 3 }), took('a', 's', 50, { at: 4 })],
  ],
  [
    'a message missing from a listing in mid-run counts as lost',
    violated('no-lost-messages', 1, 3, 5),
    [put('a'), put('a'), left(['a']), left(['a', 'a'])],
    [put('a'), put('a'), left(['a'])],
  ],
  [
    'two deliveries of one initial message count as deliveries of two messages',
    met('no-repeats'),
    [took('a', 'r'), took('a', 's')],
    [took('a', 'r'), took('a', 's')],
    { initial: ['a'] },
  ],
  [
    'the positions of events count as times of leases',
    violated('no-double-leases', 3, 5),
    [put('a', 'ok', { at: 1e-6 }), took('a', 'r', 50, { at: 2e-6 }), took('a', 's', 50, { at: 3e-6 })],
    [put('a', 'ok', { at: 1 }), took('a', 'r', 50, { at: 2 }), took('a', 's', 50, { at: 3 })],
  ],
  [
    'an acknowledgement of unknown outcome counts as completed before a redelivery',
    violated('no-handouts-after-ack', 3, 7),
    [put('a'), took('a', 'r'), settled('ack', 'r', 'info'), took('a', 'r')],
    [put('a'), took('a', 'r'), settled('ack', 'r'), took('a', 'r')],
  ],
  [
    'an initial message counts as invented',
    violated('no-invented-messages', 3),
    [put('old'), took('old', 'r')],
    [put('a'), took('old', 'r')],
    { initial: ['old'] },
  ],
  [
    'a message that may be initial counts as out of order',
    violated('first-in-first-out', 1, 3, 5, 7),
    [put('a'), put('b'), took('b', 'r'), took('a', 's')],
    [put('a'), put('b'), took('b', 'r'), took('a', 's')],
    {},
  ],
  [
    'a second delivery of a message that may also be initial counts as a repetition',
    violated('no-repeats', 3, 5),
    [put('a'), took('a', 'r'), took('a', 's')],
    [put('a'), took('a', 'r'), took('a', 's')],
    {},
  ],
  [
    'a message that may have been enqueued late counts as out of order',
    violated('first-in-first-out', 1, 3, 5, 7),
    [put('a', 'info'), put('b'), took('b', 'r'), took('a', 's')],
    [put('a'), put('b'), took('b', 'r'), took('a', 's')],
  ],
  [
    'a second message counts as out of order although an unknown take may have got the first',
    violated('first-in-first-out', 1, 3, 7, 9),
    [put('a'), put('b'), [5, 'take', null, 'info'], took('b', 'r'), took('a', 's')],
    [put('a'), put('b'), [5, 'take', null, 'fail'], took('b', 'r'), took('a', 's')],
  ],
  [
    'a redelivery counts as out of order',
    violated('first-in-first-out', 1, 3, 7, 11),
    [put('a'), put('b'), took('a', 'r'), took('b', 's'), settled('nack', 'r'), took('a', 't')],
    [put('a'), put('b'), took('x', 'r'), took('b', 's'), settled('nack', 'r'), took('a', 't')],
  ],
  [
    'nothing counts as lost although nobody listed the queue',
    met('no-lost-messages'),
    [put('a')],
    [put('a'), left(['a'])],
  ],
  [
    'leases without times count as apart',
    met('no-double-leases'),
    [put('a'), took('a', 'r', 50), took('a', 's', 50)],
    [put('a', 'ok', { at: 1 }), took('a', 'r', 50, { at: 2 }), took('a', 's', 50, { at: 60 })],
  ],
  [
    'equal messages count as in order',
    met('first-in-first-out'),
    [put('a'), put('b'), put('a'), took('b', 'r'), left(['a', 'b', 'a'])],
    [put('a'), put('b'), put('c'), took('a', 'r'), left(['a', 'b', 'c'])],
  ],
  [
    'an unknown receipt counts as acknowledged',
    met('no-repeats'),
    [put('a'), settled('ack', 'r')],
    [put('a'), took('a', 'r'), settled('ack', 'r')],
  ],
]

const send = (
  message: unknown,
  offset: number | null,
  type: 'ok' | 'fail' | 'info' = 'ok',
  process = 0,
  key = 'k',
): Line => [process, 'send', message, type, type === 'ok' ? offset : message, { key }]
const poll = (from: number | null, got: readonly (readonly [number, unknown])[], more: More = {}): Line => [
  1,
  'poll',
  { k: from },
  'ok',
  { k: got },
  more,
]
const committed = (offset: number, type: 'ok' | 'fail' | 'info' = 'ok'): Line => [
  2,
  'commit_offsets',
  { k: offset },
  type,
  type === 'ok' ? null : { k: offset },
]
const assigned = (offset: number): Line => [1, 'assign', ['k'], 'ok', { k: offset }]
const inVain = (times: number, final = true): readonly Line[] =>
  Array.from({ length: times }, () => poll(0, [], { final }))

const ofStreams: readonly Attack[] = [
  [
    'offsets of two partitions count as one offset',
    violated('consistent-offsets', 1, 3),
    [send('a', 0), send('b', 0, 'ok', 0, 'other')],
    [send('a', 0), send('b', 0)],
  ],
  [
    'two equal sends count as one message stored twice',
    violated('no-duplicates', 1, 3, 5),
    [
      send('a', 0),
      send('a', null, 'info'),
      poll(0, [
        [0, 'a'],
        [1, 'a'],
      ]),
    ],
    [
      send('a', 0),
      send('a', null, 'fail'),
      poll(0, [
        [0, 'a'],
        [1, 'a'],
      ]),
    ],
  ],
  [
    'a message of a send of unknown outcome counts as failed',
    violated('no-aborted-reads', 5),
    [send('a', null, 'fail'), send('a', null, 'info', 3), poll(0, [[0, 'a']])],
    [send('a', null, 'fail'), send('a', null, 'fail', 3), poll(0, [[0, 'a']])],
  ],
  [
    'a message older than the record counts as unsent',
    violated('no-aborted-reads', 3),
    [send('b', 5), poll(0, [[4, 'a']])],
    [send('b', 5), poll(0, [[6, 'a']])],
  ],
  [
    'messages of two producers count as messages of one producer',
    violated('monotonic-sends', 1, 3),
    [send('a', 5), send('b', 4, 'ok', 3)],
    [send('a', 5), send('b', 4)],
  ],
  [
    'an unacknowledged message counts as the earlier message',
    violated('monotonic-sends', 1, 3, 5),
    [
      send('a', null, 'info'),
      send('b', 4),
      poll(4, [
        [4, 'b'],
        [5, 'a'],
      ]),
    ],
    [
      send('a', null),
      send('b', 4),
      poll(4, [
        [4, 'b'],
        [5, 'a'],
      ]),
    ],
  ],
  [
    'a consumer that asked for an earlier offset counts as going back',
    violated('monotonic-polls', 1, 3),
    [poll(5, [[5, 'a']]), poll(4, [[4, 'b']])],
    [poll(5, [[5, 'a']]), poll(null, [[4, 'b']])],
  ],
  ...(
    [
      ['crash', null, 'ok'],
      ['subscribe', ['k'], 'ok'],
      ['subscribe', ['k'], 'info'],
      ['poll', { k: null }, 'fail'],
      ['assign', ['other'], 'ok'],
    ] as const
  ).map(
    ([f, asked, type]): Attack => [
      `a consumer that does not know where it is since ${f} (${type}) one that goes back`,
      violated('monotonic-polls', 1, 5),
      [poll(5, [[5, 'a']]), [1, f, asked, type], poll(null, [[4, 'b']])],
      [poll(5, [[5, 'a']]), [2, f, asked, type], poll(null, [[4, 'b']])],
    ],
  ),
  [
    'a message that another consumer passed over counts as skipped',
    violated('no-skips', 1, 3, 5),
    [send('a', 1), poll(0, [[0, 'z']]), [2, 'poll', { k: null }, 'ok', { k: [[2, 'b']] }]],
    [send('a', 1), poll(0, [[0, 'z']]), poll(null, [[2, 'b']])],
  ],
  [
    'two sends to one offset count as consistent',
    met('consistent-offsets'),
    [send('a', 0), send('a', 0)],
    [send('a', 0), send('a', 1)],
  ],
  [
    'a message that nobody sent counts as stored twice',
    violated('no-duplicates', 3),
    [
      send('z', 9),
      poll(0, [
        [0, 'a'],
        [1, 'a'],
      ]),
    ],
    [
      send('a', null),
      poll(0, [
        [0, 'a'],
        [1, 'a'],
      ]),
    ],
  ],
  [
    'a message before all polls of the group counts as lost',
    violated('no-lost-writes', 1, 3, 5),
    [send('a', 1), [1, 'subscribe', ['k'], 'ok'], poll(null, [[2, 'b']])],
    [
      send('a', 1),
      [1, 'subscribe', ['k'], 'ok'],
      poll(null, [
        [0, 'z'],
        [2, 'b'],
      ]),
    ],
  ],
  [
    'a consumer that may not have subscribed counts as a member of the group',
    violated('no-lost-writes', 1, 3, 5, 7),
    [send('a', 1), [1, 'subscribe', ['k'], 'info'], poll(null, [[0, 'z']]), poll(null, [[2, 'b']])],
    [send('a', 1), [1, 'subscribe', ['k'], 'ok'], poll(null, [[0, 'z']]), poll(null, [[2, 'b']])],
  ],
  [
    'nothing counts as lost although the group may have got a message',
    met('no-lost-writes'),
    [
      send('a', 1),
      [1, 'subscribe', ['k'], 'ok'],
      poll(null, [[0, 'z']]),
      committed(1),
      poll(null, [[2, 'b']]),
      ...inVain(5),
    ],
    [
      send('z', 0),
      [1, 'subscribe', ['k'], 'ok'],
      poll(null, [[0, 'z']]),
      committed(1),
      poll(null, [[2, 'b']]),
      ...inVain(5),
    ],
  ],
  [
    'a start before the commit counts as a start after it',
    met('committed-starts'),
    [send('a', 4), assigned(5), committed(4)],
    [send('a', 4), committed(4), assigned(5)],
  ],
  [
    'messages committed after a consumer resumed count as finished',
    met('no-skips'),
    [send('a', 4), assigned(4), committed(4), poll(null, [[5, 'b']])],
    [send('a', 4), committed(4), assigned(4), poll(null, [[5, 'b']])],
  ],
  ...([null, 1] as const).map(
    (offset): Attack => [
      `what was sent only later (at ${offset}) sent before`,
      met('no-aborted-reads'),
      [send('z', 0), poll(0, [[1, 'a']]), send('a', offset)],
      [send('z', 0), send('a', offset), poll(0, [[1, 'a']])],
    ],
  ),
  [
    'a message older than the record counts as sent',
    met('no-aborted-reads'),
    [send('b', 5), poll(0, [[4, 'a']])],
    [send('a', 4), poll(0, [[4, 'a']])],
  ],
  [
    'a message committed before a consumer resumed counts as skipped',
    violated('no-skips', 1, 5, 7),
    [send('a', 4), committed(4), assigned(4), poll(null, [[5, 'b']])],
    [send('a', 4), committed(4, 'fail'), assigned(4), poll(null, [[5, 'b']])],
  ],
  [
    'a message that another consumer polled counts as lost',
    violated('no-lost-writes', 1, 3),
    [
      send('a', 1),
      poll(0, [
        [0, 'z'],
        [2, 'b'],
      ]),
      [2, 'poll', { k: 1 }, 'ok', { k: [[1, 'a']] }],
    ],
    [
      send('a', 1),
      poll(0, [
        [0, 'z'],
        [2, 'b'],
      ]),
      [2, 'poll', { k: 1 }, 'fail'],
    ],
  ],
  [
    'a message that the group committed counts as lost',
    violated('no-lost-writes', 1, 3, 5, 7, 9),
    [send('a', 1), [1, 'subscribe', ['k'], 'ok'], poll(null, [[0, 'z']]), committed(1, 'info'), poll(null, [[2, 'b']])],
    [send('a', 1), [1, 'subscribe', ['k'], 'ok'], poll(null, [[0, 'z']]), committed(1, 'fail'), poll(null, [[2, 'b']])],
  ],
  [
    'a message that an unanswered poll may have got counts as lost by the group',
    violated('no-lost-writes', 1, 3, 5, 9),
    [
      send('a', 1),
      [1, 'subscribe', ['k'], 'ok'],
      poll(null, [[0, 'z']]),
      [4, 'poll', { k: null }, 'info'],
      poll(null, [[2, 'b']]),
    ],
    [
      send('a', 1),
      [1, 'subscribe', ['k'], 'ok'],
      poll(null, [[0, 'z']]),
      [4, 'crash', null, 'ok'],
      poll(null, [[2, 'b']]),
    ],
  ],
  [
    'a start after an unknown commit counts as a start beyond it',
    violated('committed-starts', 1, 5),
    [send('a', 4), committed(4, 'info'), assigned(5)],
    [send('a', 4), committed(4, 'fail'), assigned(5)],
  ],
  [
    'empty polls of two consumers count as the end',
    violated('no-unseen', 1, 3, 5, 7, 9, 11),
    [send('a', 1), [4, 'poll', { k: 0 }, 'ok', { k: [] }, { final: true }], ...inVain(4)],
    [send('a', 1), ...inVain(5)],
  ],
  [
    'polls during faults count as the end',
    violated('no-unseen', 1, 3, 5, 7, 9, 11),
    [send('a', 1), ...inVain(5, false)],
    [send('a', 1), ...inVain(5)],
  ],
  [
    'everything counts as seen although nobody polled',
    met('no-unseen'),
    [send('a', 1)],
    [send('a', 1), poll(0, [[1, 'a']])],
  ],
  [
    'nothing counts as lost although a send was acknowledged without an offset',
    met('no-lost-writes'),
    [send('a', null), poll(0, [])],
    [send('a', null), poll(0, [[0, 'a']])],
  ],
  [
    'equal messages count as in order',
    met('monotonic-sends'),
    [
      send('a', null),
      send('b', 1),
      send('a', null),
      poll(0, [
        [0, 'a'],
        [1, 'b'],
      ]),
    ],
    [
      send('a', null),
      send('b', 1),
      send('c', null),
      poll(0, [
        [0, 'a'],
        [1, 'b'],
      ]),
    ],
  ],
]

let client = 100
const wrote = (key: string, value: unknown, revision: number | null, type: 'ok' | 'fail' | 'info' = 'ok'): Line => [
  client++,
  value === null ? 'delete' : 'put',
  value,
  type,
  type === 'ok' ? revision : value,
  { key },
]
const watch = (id: number, asked: object = {}, present = 1): Line => [
  client++,
  'watch',
  { watch: id, from: 2, ...asked },
  'ok',
  { revision: present },
]
const told = (id: number, ...responses: readonly unknown[]): Line => [
  client++,
  'watched',
  { watch: id },
  'ok',
  responses,
]
const toldLast = (id: number, ...responses: readonly unknown[]): Line => [
  client++,
  'watched',
  { watch: id },
  'ok',
  responses,
  { final: true },
]
const asked = (id: number, times: number, final = true): readonly Line[] =>
  Array.from({ length: times }, () => [client++, 'watched', { watch: id }, 'ok', [], { final }])
type Event = readonly [revision: number, key: string, value?: unknown]
const events = (...all: readonly Event[]) => ({
  events: all.map(([revision, key, value]) => ({ revision, key, value })),
})

const compacted = (revision: number): Line => [client++, 'compact', revision, 'ok', null]
const read = (from: number, to: number, ...all: readonly Event[]): Line => [
  client++,
  'changes',
  { from, to },
  'ok',
  { from, to, changes: events(...all).events },
]
const toldOf = (revision: number, value: unknown, previous: unknown) => ({
  events: [{ revision, key: 'x', value, previous }],
})

const ofWatches: readonly Attack[] = [
  [
    'a write of unknown revision counts as missing',
    violated('reliable', 7, 9),
    [wrote('x', 1, 2), wrote('x', 2, 3, 'info'), wrote('x', 3, 4), watch(1), told(1, events([2, 'x', 1], [4, 'x', 3]))],
    [wrote('x', 1, 2), wrote('x', 2, 3), wrote('x', 3, 4), watch(1), told(1, events([2, 'x', 1], [4, 'x', 3]))],
  ],
  [
    'a change that was not requested counts as missing',
    violated('reliable', 7, 9),
    [
      wrote('x', 1, 2),
      wrote('x', 2, 3),
      wrote('x', 3, 4),
      watch(1, { key: 'y' }),
      told(1, events([2, 'x', 1], [4, 'x', 3])),
    ],
    [
      wrote('x', 1, 2),
      wrote('x', 2, 3),
      wrote('x', 3, 4),
      watch(1, { key: 'x' }),
      told(1, events([2, 'x', 1], [4, 'x', 3])),
    ],
  ],
  [
    'a change that an unknown delivery may have contained counts as missing',
    violated('reliable', 7, 13),
    [
      wrote('x', 1, 2),
      wrote('x', 2, 3),
      wrote('x', 3, 4),
      watch(1),
      told(1, events([2, 'x', 1])),
      [50, 'watched', { watch: 1 }, 'info'],
      told(1, events([4, 'x', 3])),
    ],
    [
      wrote('x', 1, 2),
      wrote('x', 2, 3),
      wrote('x', 3, 4),
      watch(1),
      told(1, events([2, 'x', 1])),
      [50, 'watched', { watch: 1 }, 'fail'],
      told(1, events([4, 'x', 3])),
    ],
  ],
  [
    'two watches count as one watch that goes back',
    violated('ordered', 5, 9, 11),
    [
      wrote('x', 1, 2),
      wrote('x', 2, 3),
      watch(1),
      watch(2),
      told(1, events([3, 'x', 2])),
      told(2, events([2, 'x', 1])),
    ],
    [
      wrote('x', 1, 2),
      wrote('x', 2, 3),
      watch(1),
      watch(2),
      told(1, events([3, 'x', 2])),
      told(1, events([2, 'x', 1])),
    ],
  ],
  [
    'a change sent to another watch counts as a repetition',
    violated('unique', 7, 9),
    [wrote('x', 1, 2), watch(1), told(1, events([2, 'x', 1])), watch(2, { from: 3 }, 5), told(2, events([2, 'x', 1]))],
    [
      wrote('x', 1, 2),
      watch(1),
      told(1, events([2, 'x', 1])),
      watch(2, { from: 3, resumes: 1 }, 5),
      told(2, events([2, 'x', 1])),
    ],
  ],
  [
    'the change of another key counts as a missing part',
    violated('atomic', 3, 5),
    [[50, 'txn', { x: 1, y: 2 }, 'ok', 2], watch(1, { key: 'x' }), told(1, events([2, 'x', 1]))],
    [[50, 'txn', { x: 1, y: 2 }, 'ok', 2], watch(1), told(1, events([2, 'x', 1]))],
  ],
  [
    'progress beyond the known writes counts as wrong',
    violated('bookmarkable', 3, 5),
    [wrote('x', 1, 2, 'info'), watch(1), told(1, { progress: 2 })],
    [wrote('x', 1, 2), watch(1), told(1, { progress: 2 })],
  ],
  [
    'a write that may have been executed counts as untrue',
    violated('truthful', 3, 5),
    [wrote('x', 1, 2, 'info'), watch(1), told(1, events([2, 'x', 1]))],
    [wrote('x', 1, 2, 'fail'), watch(1), told(1, events([2, 'x', 1]))],
  ],
  [
    'a previous value that an unknown write may have left counts as untrue',
    violated('truthful', 7, 9),
    [
      wrote('x', 1, 2),
      wrote('x', 9, 3, 'info'),
      wrote('x', 2, 4),
      watch(1, { from: 4 }),
      told(1, { events: [{ revision: 4, key: 'x', value: 2, previous: 9 }] }),
    ],
    [
      wrote('x', 1, 2),
      wrote('x', 9, 3, 'fail'),
      wrote('x', 2, 4),
      watch(1, { from: 4 }),
      told(1, { events: [{ revision: 4, key: 'x', value: 2, previous: 9 }] }),
    ],
  ],
  [
    'a watch that was requested four times counts as stuck',
    violated('live', 3, 15),
    [wrote('x', 1, 2), watch(1), watch(2), ...asked(2, 1), ...asked(1, 4)],
    [wrote('x', 1, 2), watch(1), watch(2), ...asked(1, 5)],
  ],
  [
    'a watch that at last received an event counts as stuck',
    violated('live', 5, 17),
    [wrote('x', 1, 2), wrote('x', 2, 3), watch(1), ...asked(1, 5), toldLast(1, events([2, 'x', 1]))],
    [wrote('x', 1, 2), wrote('x', 2, 3), watch(1), toldLast(1, events([2, 'x', 1])), ...asked(1, 5)],
  ],
  [
    'an incomplete record counts as in order',
    met('ordered'),
    [wrote('x', 1, 2), watch(1), told(1, events([2, 'x', 1])), [50, 'watched', { watch: 1 }, 'info']],
    [wrote('x', 1, 2), watch(1), told(1, events([2, 'x', 1])), [50, 'watched', { watch: 1 }, 'fail']],
  ],
  [
    'a watch that the store had ended counts as stuck',
    violated('live', 3, 15),
    [wrote('x', 1, 2), watch(1), told(1, { ended: true }), ...asked(1, 5)],
    [wrote('x', 1, 2), watch(1), told(1, { progress: 1 }), ...asked(1, 5)],
  ],
  [
    'progress that goes back counts as correct',
    met('bookmarkable'),
    [watch(1), told(1, { progress: 3 }, { progress: 2 })],
    [watch(1), told(1, { progress: 2 }, { progress: 3 })],
  ],
  [
    'a change after later progress counts as correct',
    met('bookmarkable'),
    [wrote('x', 1, 2), watch(1), told(1, events([2, 'x', 1]), { progress: 2 }, events([2, 'x', 1]))],
    [wrote('x', 1, 2), watch(1), told(1, events([2, 'x', 1]), events([2, 'x', 1]), { progress: 2 })],
  ],
  [
    'an event older than a start in the future counts as correct',
    met('future'),
    [wrote('x', 1, 2), watch(1, { from: 9 }, 3), told(1, events([2, 'x', 1]))],
    [wrote('x', 1, 2), watch(1, { from: 3 }, 3), told(1, events([2, 'x', 1]))],
  ],
  [
    'two changes in one response count as separate',
    violated('atomic', 3, 5),
    [[50, 'txn', { x: 1, y: 2 }, 'ok', 2], watch(1), told(1, events([2, 'x', 1], [2, 'y', 2]))],
    [[50, 'txn', { x: 1, y: 2 }, 'ok', 2], watch(1), told(1, events([2, 'x', 1]), events([2, 'y', 2]))],
  ],
  [
    'a change that arrived later counts as missing',
    violated('reliable', 7, 9),
    [
      wrote('x', 1, 2),
      wrote('x', 2, 3),
      wrote('x', 3, 4),
      watch(1),
      told(1, events([2, 'x', 1], [4, 'x', 3], [3, 'x', 2])),
    ],
    [wrote('x', 1, 2), wrote('x', 2, 3), wrote('x', 3, 4), watch(1), told(1, events([2, 'x', 1], [4, 'x', 3]))],
  ],
  [
    'a previous value lost to compaction counts as untrue',
    violated('truthful', 7, 9),
    [wrote('x', 1, 2), wrote('x', 2, 3), compacted(2), watch(1, { from: 3 }), told(1, toldOf(3, 2, null))],
    [wrote('x', 1, 2), wrote('x', 2, 3), compacted(1), watch(1, { from: 3 }), told(1, toldOf(3, 2, null))],
  ],
  [
    'a deletion that found nothing counts as a change',
    met('truthful'),
    [wrote('x', null, null), watch(1), told(1, events([2, 'x']))],
    [wrote('x', null, 2), watch(1), told(1, events([2, 'x']))],
  ],
  [
    'a watch that another watch resumed counts as stuck',
    violated('live', 3, 15),
    [wrote('x', 1, 2), watch(1), watch(2, { resumes: 1 }), ...asked(1, 5)],
    [wrote('x', 1, 2), watch(1), watch(2), ...asked(1, 5)],
  ],
  ...(
    [
      [{ prefix: 'x' }, { prefix: '' }, 'y', 5],
      [{ without: ['delete'] }, { without: [] }, 'x', null],
    ] as const
  ).map(
    ([few, all, key, value]): Attack => [
      `a change missing that a watch of ${JSON.stringify(few)} does not want`,
      violated('reliable', 7, 9),
      [
        wrote('x', 1, 2),
        wrote(key, value, 3),
        wrote('x', 3, 4),
        watch(1, few),
        told(1, events([2, 'x', 1], [4, 'x', 3])),
      ],
      [
        wrote('x', 1, 2),
        wrote(key, value, 3),
        wrote('x', 3, 4),
        watch(1, all),
        told(1, events([2, 'x', 1], [4, 'x', 3])),
      ],
    ],
  ),
  [
    'an event before its write counts as true',
    met('truthful'),
    [watch(1), told(1, events([2, 'x', 1])), wrote('x', 1, 2, 'info')],
    [wrote('x', 1, 2, 'info'), watch(1), told(1, events([2, 'x', 1]))],
  ],
  [
    'events of a store that nobody wrote to count as ordered',
    met('ordered'),
    [wrote('x', 2, 2, 'fail'), read(2, 2, [2, 'x', 1]), watch(1), told(1)],
    [wrote('x', 1, 2), read(2, 2, [2, 'x', 1]), watch(1), told(1)],
  ],
  [
    'another value counts as true',
    met('truthful'),
    [wrote('x', 1, 2), watch(1), told(1, events([2, 'x', 9]))],
    [wrote('x', 1, 2), watch(1), told(1, events([2, 'x', 1]))],
  ],
  [
    'a change of another key at a known revision counts as true',
    met('truthful'),
    [wrote('x', 1, 2), wrote('y', 5, 3, 'info'), watch(1), told(1, events([2, 'y', 5]))],
    [wrote('x', 1, 2), wrote('y', 5, 3, 'info'), watch(1), told(1, events([3, 'y', 5]))],
  ],
  [
    'a change counts as true although the store shows none',
    met('truthful'),
    [wrote('y', 5, 3, 'info'), read(2, 3), watch(1), told(1, events([3, 'y', 5]))],
    [wrote('y', 5, 3, 'info'), read(2, 2), watch(1), told(1, events([3, 'y', 5]))],
  ],
  [
    'a watch that its client had ended counts as stuck',
    violated('live', 3, 15),
    [wrote('x', 1, 2), watch(1), [50, 'unwatch', { watch: 1 }, 'ok'], ...asked(1, 5)],
    [wrote('x', 1, 2), watch(1), [50, 'read', { watch: 1 }, 'ok'], ...asked(1, 5)],
  ],
  [
    'a refusal of a compacted revision counts as a skip',
    violated('resumable', 3, 5),
    [[50, 'compact', 9, 'info'], watch(1), told(1, { ended: true, compacted: 9 })],
    [[50, 'compact', 2, 'ok'], watch(1), told(1, { ended: true, compacted: 9 })],
  ],
  [
    'nothing counts as missing although an unknown write may have been executed',
    met('reliable'),
    [wrote('x', 1, 2), wrote('x', 2, 3, 'info'), wrote('x', 3, 4), watch(1), told(1, events([2, 'x', 1], [4, 'x', 3]))],
    [wrote('x', 1, 2), wrote('x', 2, 3, 'fail'), wrote('x', 3, 4), watch(1), told(1, events([2, 'x', 1], [4, 'x', 3]))],
  ],
  [
    'nothing counts as missing although a read contradicts this',
    met('reliable'),
    [
      wrote('x', 1, 2),
      [50, 'changes', { from: 2 }, 'ok', { from: 2, to: 3, changes: [] }],
      watch(1),
      told(1, events([2, 'x', 1])),
    ],
    [
      wrote('x', 1, 2),
      [50, 'changes', { from: 3 }, 'ok', { from: 3, to: 3, changes: [] }],
      watch(1),
      told(1, events([2, 'x', 1])),
    ],
  ],
  [
    'everything counts as delivered although nobody asked again',
    met('live'),
    [watch(1), told(1)],
    [watch(1), ...asked(1, 1)],
  ],
]

test.each(
  Object.entries({ 'work-queue': ofWorkQueues, stream: ofStreams, watch: ofWatches }).flatMap(([model, attacks]) =>
    attacks.map(([what, ...attack]) => [model, what, attack] as const),
  ),
)('verify accepts no proof about a %s in which %s', (model, _, [proof, isFalse, isTrue, start = { initial: [] }]) => {
  expect(verdictOf(inTurn(isFalse), { model, ...start }, [proof])).not.toBe('accepted')
  expect(verdictOf(inTurn(isTrue), { model, initial: null }, [proof])).toBe('accepted')
})

test('verify refuses a proof that first-in-first-out is violated if the two messages were enqueued concurrently', () => {
  const takes = ['2 invoke take -', '2 ok take - ["b","r"]', '2 invoke take -', '2 ok take - ["a","s"]']
  const [a, b] = [
    ['0 invoke enqueue - "a"', '0 ok enqueue - "a"'],
    ['1 invoke enqueue - "b"', '1 ok enqueue - "b"'],
  ] as const
  const order = violated('first-in-first-out', 1, 3, 5, 7)
  const head = { model: 'work-queue', initial: null }
  expect(verdictOf(history(...a, ...b, ...takes), head, [order])).toBe('accepted')
  const atOnce = history(a[0], b[0], a[1], b[1], ...takes)
  expect(verdictOf(atOnce, head, [violated('first-in-first-out', 1, 2, 5, 7)])).toBe('refused')
})

const lost = inTurn([put('a'), took('a', 'r'), left([])])
const kept = inTurn([put('a'), took('a', 'r'), left(['a'])])
const queue = { model: 'work-queue', initial: null }

test.each<[what: string, history: string, entries: readonly object[]]>([
  ['two kinds of evidence', lost, [{ ...violated('no-lost-messages', 1, 5), whole: true }]],
  ['the whole history for a violation', lost, [{ level: 'no-lost-messages', result: 'violated', whole: true }]],
  ['a core for what is met', kept, [{ level: 'no-lost-messages', result: 'met', core: [1] }]],
  ['no operation', lost, [violated('no-lost-messages')]],
  ['an operation twice', lost, [violated('no-lost-messages', 1, 1, 5)]],
  ['the line of a completion', lost, [violated('no-lost-messages', 2, 5)]],
  ['a line beyond the end', lost, [violated('no-lost-messages', 1, 99)]],
  ['an order', kept, [{ level: 'no-lost-messages', result: 'met', order: [1, 2, 2] }]],
  ['final reads', kept, [{ level: 'no-lost-messages', result: 'met', final: true }]],
  ['a guarantee of another model', kept, [met('no-skips')]],
  ['a level of another model', kept, [met('faithful')]],
  ['a name that every object has', kept, [met('constructor')]],
  ['a weaker level that is met', kept, [met('at-least-once'), { level: 'leased', result: 'met', by: 'at-least-once' }]],
  [
    'a stronger level that is violated',
    lost,
    [violated('exactly-once', 1, 5), { level: 'no-repeats', result: 'violated', by: 'exactly-once' }],
  ],
  ['one guarantee of several', lost, [met('no-repeats'), { level: 'exactly-once', result: 'met', by: 'no-repeats' }]],
])('verify accepts no guarantee that is derived from %s', (_, history, entries) => {
  expect(verdictOf(history, queue, entries)).not.toBe('accepted')
})

test.each([
  ['register', 'no-lost-messages'],
  ['queue', 'at-least-once'],
])('verify accepts no guarantee of the model "work-queue" for the model %s', (model, level) => {
  expect(verdictOf(kept, { model, initial: null }, [met(level)])).not.toBe('accepted')
})
