import { type Attack, type Line, type More, met, violated } from './attack.ts'

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

export const ofStreams: readonly Attack[] = [
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
    ([f, input, type]): Attack => [
      `a consumer that does not know where it is since ${f} (${type}) one that goes back`,
      violated('monotonic-polls', 1, 5),
      [poll(5, [[5, 'a']]), [1, f, input, type], poll(null, [[4, 'b']])],
      [poll(5, [[5, 'a']]), [2, f, input, type], poll(null, [[4, 'b']])],
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
