import { type Attack, type Line, met, violated } from './attack.ts'

let client = 100
const wrote = (key: string, value: unknown, revision: number | null, type: 'ok' | 'fail' | 'info' = 'ok'): Line => [
  client++,
  value === null ? 'delete' : 'put',
  value,
  type,
  type === 'ok' ? revision : value,
  { key },
]
const watch = (id: number, request: object = {}, present = 1): Line => [
  client++,
  'watch',
  { watch: id, from: 2, ...request },
  'ok',
  { revision: present },
]
const watched = (id: number, ...responses: readonly unknown[]): Line => [
  client++,
  'watched',
  { watch: id },
  'ok',
  responses,
]
const watchedLast = (id: number, ...responses: readonly unknown[]): Line => [
  client++,
  'watched',
  { watch: id },
  'ok',
  responses,
  { final: true },
]
const emptyResponses = (id: number, times: number, final = true): readonly Line[] =>
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
const eventOf = (revision: number, value: unknown, previous: unknown) => ({
  events: [{ revision, key: 'x', value, previous }],
})

export const ofWatches: readonly Attack[] = [
  [
    'a write of unknown revision counts as missing',
    violated('reliable', 7, 9),
    [
      wrote('x', 1, 2),
      wrote('x', 2, 3, 'info'),
      wrote('x', 3, 4),
      watch(1),
      watched(1, events([2, 'x', 1], [4, 'x', 3])),
    ],
    [wrote('x', 1, 2), wrote('x', 2, 3), wrote('x', 3, 4), watch(1), watched(1, events([2, 'x', 1], [4, 'x', 3]))],
  ],
  [
    'a change that was not requested counts as missing',
    violated('reliable', 7, 9),
    [
      wrote('x', 1, 2),
      wrote('x', 2, 3),
      wrote('x', 3, 4),
      watch(1, { key: 'y' }),
      watched(1, events([2, 'x', 1], [4, 'x', 3])),
    ],
    [
      wrote('x', 1, 2),
      wrote('x', 2, 3),
      wrote('x', 3, 4),
      watch(1, { key: 'x' }),
      watched(1, events([2, 'x', 1], [4, 'x', 3])),
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
      watched(1, events([2, 'x', 1])),
      [50, 'watched', { watch: 1 }, 'info'],
      watched(1, events([4, 'x', 3])),
    ],
    [
      wrote('x', 1, 2),
      wrote('x', 2, 3),
      wrote('x', 3, 4),
      watch(1),
      watched(1, events([2, 'x', 1])),
      [50, 'watched', { watch: 1 }, 'fail'],
      watched(1, events([4, 'x', 3])),
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
      watched(1, events([3, 'x', 2])),
      watched(2, events([2, 'x', 1])),
    ],
    [
      wrote('x', 1, 2),
      wrote('x', 2, 3),
      watch(1),
      watch(2),
      watched(1, events([3, 'x', 2])),
      watched(1, events([2, 'x', 1])),
    ],
  ],
  [
    'a change sent to another watch counts as a repetition',
    violated('unique', 7, 9),
    [
      wrote('x', 1, 2),
      watch(1),
      watched(1, events([2, 'x', 1])),
      watch(2, { from: 3 }, 5),
      watched(2, events([2, 'x', 1])),
    ],
    [
      wrote('x', 1, 2),
      watch(1),
      watched(1, events([2, 'x', 1])),
      watch(2, { from: 3, resumes: 1 }, 5),
      watched(2, events([2, 'x', 1])),
    ],
  ],
  [
    'the change of another key counts as a missing part',
    violated('atomic', 3, 5),
    [[50, 'txn', { x: 1, y: 2 }, 'ok', 2], watch(1, { key: 'x' }), watched(1, events([2, 'x', 1]))],
    [[50, 'txn', { x: 1, y: 2 }, 'ok', 2], watch(1), watched(1, events([2, 'x', 1]))],
  ],
  [
    'progress beyond the known writes counts as wrong',
    violated('bookmarkable', 3, 5),
    [wrote('x', 1, 2, 'info'), watch(1), watched(1, { progress: 2 })],
    [wrote('x', 1, 2), watch(1), watched(1, { progress: 2 })],
  ],
  [
    'a write that may have been executed counts as untrue',
    violated('truthful', 3, 5),
    [wrote('x', 1, 2, 'info'), watch(1), watched(1, events([2, 'x', 1]))],
    [wrote('x', 1, 2, 'fail'), watch(1), watched(1, events([2, 'x', 1]))],
  ],
  [
    'a previous value that an unknown write may have left counts as untrue',
    violated('truthful', 7, 9),
    [
      wrote('x', 1, 2),
      wrote('x', 9, 3, 'info'),
      wrote('x', 2, 4),
      watch(1, { from: 4 }),
      watched(1, { events: [{ revision: 4, key: 'x', value: 2, previous: 9 }] }),
    ],
    [
      wrote('x', 1, 2),
      wrote('x', 9, 3, 'fail'),
      wrote('x', 2, 4),
      watch(1, { from: 4 }),
      watched(1, { events: [{ revision: 4, key: 'x', value: 2, previous: 9 }] }),
    ],
  ],
  [
    'a watch that was requested four times counts as stuck',
    violated('live', 3, 15),
    [wrote('x', 1, 2), watch(1), watch(2), ...emptyResponses(2, 1), ...emptyResponses(1, 4)],
    [wrote('x', 1, 2), watch(1), watch(2), ...emptyResponses(1, 5)],
  ],
  [
    'a watch that at last received an event counts as stuck',
    violated('live', 5, 17),
    [wrote('x', 1, 2), wrote('x', 2, 3), watch(1), ...emptyResponses(1, 5), watchedLast(1, events([2, 'x', 1]))],
    [wrote('x', 1, 2), wrote('x', 2, 3), watch(1), watchedLast(1, events([2, 'x', 1])), ...emptyResponses(1, 5)],
  ],
  [
    'an incomplete record counts as in order',
    met('ordered'),
    [wrote('x', 1, 2), watch(1), watched(1, events([2, 'x', 1])), [50, 'watched', { watch: 1 }, 'info']],
    [wrote('x', 1, 2), watch(1), watched(1, events([2, 'x', 1])), [50, 'watched', { watch: 1 }, 'fail']],
  ],
  [
    'a watch that the store had ended counts as stuck',
    violated('live', 3, 15),
    [wrote('x', 1, 2), watch(1), watched(1, { ended: true }), ...emptyResponses(1, 5)],
    [wrote('x', 1, 2), watch(1), watched(1, { progress: 1 }), ...emptyResponses(1, 5)],
  ],
  [
    'progress that goes back counts as correct',
    met('bookmarkable'),
    [watch(1), watched(1, { progress: 3 }, { progress: 2 })],
    [watch(1), watched(1, { progress: 2 }, { progress: 3 })],
  ],
  [
    'a change after later progress counts as correct',
    met('bookmarkable'),
    [wrote('x', 1, 2), watch(1), watched(1, events([2, 'x', 1]), { progress: 2 }, events([2, 'x', 1]))],
    [wrote('x', 1, 2), watch(1), watched(1, events([2, 'x', 1]), events([2, 'x', 1]), { progress: 2 })],
  ],
  [
    'an event older than a start in the future counts as correct',
    met('future'),
    [wrote('x', 1, 2), watch(1, { from: 9 }, 3), watched(1, events([2, 'x', 1]))],
    [wrote('x', 1, 2), watch(1, { from: 3 }, 3), watched(1, events([2, 'x', 1]))],
  ],
  [
    'two changes in one response count as separate',
    violated('atomic', 3, 5),
    [[50, 'txn', { x: 1, y: 2 }, 'ok', 2], watch(1), watched(1, events([2, 'x', 1], [2, 'y', 2]))],
    [[50, 'txn', { x: 1, y: 2 }, 'ok', 2], watch(1), watched(1, events([2, 'x', 1]), events([2, 'y', 2]))],
  ],
  [
    'a change that arrived later counts as missing',
    violated('reliable', 7, 9),
    [
      wrote('x', 1, 2),
      wrote('x', 2, 3),
      wrote('x', 3, 4),
      watch(1),
      watched(1, events([2, 'x', 1], [4, 'x', 3], [3, 'x', 2])),
    ],
    [wrote('x', 1, 2), wrote('x', 2, 3), wrote('x', 3, 4), watch(1), watched(1, events([2, 'x', 1], [4, 'x', 3]))],
  ],
  [
    'a previous value lost to compaction counts as untrue',
    violated('truthful', 7, 9),
    [wrote('x', 1, 2), wrote('x', 2, 3), compacted(2), watch(1, { from: 3 }), watched(1, eventOf(3, 2, null))],
    [wrote('x', 1, 2), wrote('x', 2, 3), compacted(1), watch(1, { from: 3 }), watched(1, eventOf(3, 2, null))],
  ],
  [
    'a deletion that found nothing counts as a change',
    met('truthful'),
    [wrote('x', null, null), watch(1), watched(1, events([2, 'x']))],
    [wrote('x', null, 2), watch(1), watched(1, events([2, 'x']))],
  ],
  [
    'a watch that another watch resumed counts as stuck',
    violated('live', 3, 15),
    [wrote('x', 1, 2), watch(1), watch(2, { resumes: 1 }), ...emptyResponses(1, 5)],
    [wrote('x', 1, 2), watch(1), watch(2), ...emptyResponses(1, 5)],
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
        watched(1, events([2, 'x', 1], [4, 'x', 3])),
      ],
      [
        wrote('x', 1, 2),
        wrote(key, value, 3),
        wrote('x', 3, 4),
        watch(1, all),
        watched(1, events([2, 'x', 1], [4, 'x', 3])),
      ],
    ],
  ),
  [
    'an event before its write counts as true',
    met('truthful'),
    [watch(1), watched(1, events([2, 'x', 1])), wrote('x', 1, 2, 'info')],
    [wrote('x', 1, 2, 'info'), watch(1), watched(1, events([2, 'x', 1]))],
  ],
  [
    'events of a store that nobody wrote to count as ordered',
    met('ordered'),
    [wrote('x', 2, 2, 'fail'), read(2, 2, [2, 'x', 1]), watch(1), watched(1)],
    [wrote('x', 1, 2), read(2, 2, [2, 'x', 1]), watch(1), watched(1)],
  ],
  [
    'another value counts as true',
    met('truthful'),
    [wrote('x', 1, 2), watch(1), watched(1, events([2, 'x', 9]))],
    [wrote('x', 1, 2), watch(1), watched(1, events([2, 'x', 1]))],
  ],
  [
    'a change of another key at a known revision counts as true',
    met('truthful'),
    [wrote('x', 1, 2), wrote('y', 5, 3, 'info'), watch(1), watched(1, events([2, 'y', 5]))],
    [wrote('x', 1, 2), wrote('y', 5, 3, 'info'), watch(1), watched(1, events([3, 'y', 5]))],
  ],
  [
    'a change counts as true although the store shows none',
    met('truthful'),
    [wrote('y', 5, 3, 'info'), read(2, 3), watch(1), watched(1, events([3, 'y', 5]))],
    [wrote('y', 5, 3, 'info'), read(2, 2), watch(1), watched(1, events([3, 'y', 5]))],
  ],
  [
    'a watch that its client had ended counts as stuck',
    violated('live', 3, 15),
    [wrote('x', 1, 2), watch(1), [50, 'unwatch', { watch: 1 }, 'ok'], ...emptyResponses(1, 5)],
    [wrote('x', 1, 2), watch(1), [50, 'read', { watch: 1 }, 'ok'], ...emptyResponses(1, 5)],
  ],
  [
    'a refusal of a compacted revision counts as a skip',
    violated('resumable', 3, 5),
    [[50, 'compact', 9, 'info'], watch(1), watched(1, { ended: true, compacted: 9 })],
    [[50, 'compact', 2, 'ok'], watch(1), watched(1, { ended: true, compacted: 9 })],
  ],
  [
    'nothing counts as missing although an unknown write may have been executed',
    met('reliable'),
    [
      wrote('x', 1, 2),
      wrote('x', 2, 3, 'info'),
      wrote('x', 3, 4),
      watch(1),
      watched(1, events([2, 'x', 1], [4, 'x', 3])),
    ],
    [
      wrote('x', 1, 2),
      wrote('x', 2, 3, 'fail'),
      wrote('x', 3, 4),
      watch(1),
      watched(1, events([2, 'x', 1], [4, 'x', 3])),
    ],
  ],
  [
    'nothing counts as missing although a read contradicts this',
    met('reliable'),
    [
      wrote('x', 1, 2),
      [50, 'changes', { from: 2 }, 'ok', { from: 2, to: 3, changes: [] }],
      watch(1),
      watched(1, events([2, 'x', 1])),
    ],
    [
      wrote('x', 1, 2),
      [50, 'changes', { from: 3 }, 'ok', { from: 3, to: 3, changes: [] }],
      watch(1),
      watched(1, events([2, 'x', 1])),
    ],
  ],
  [
    'everything counts as delivered although nobody asked again',
    met('live'),
    [watch(1), watched(1)],
    [watch(1), ...emptyResponses(1, 1)],
  ],
]
