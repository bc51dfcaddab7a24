import { type Millis, nanos } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { type FaultPlan, nodeNames } from '../../src/index.ts'
import { outageNanos } from '../../src/schedule/outage.ts'

/** Returns how long five nodes have no majority, in nanoseconds, if all `plans` are active for the same 100 ns. */
const outageOf = (...plans: readonly FaultPlan[]): number =>
  outageNanos(
    plans.map((plan) => ({ from: nanos(100), to: nanos(200), plan })),
    nodeNames(5),
  )

test.each<readonly [string, readonly FaultPlan[], number]>([
  ['no fault', [], 0],
  ['a minority', [{ kind: 'pause', nodes: 'minority' }], 0],
  [
    'two single nodes',
    [
      { kind: 'pause', nodes: 'one' },
      { kind: 'pause', nodes: 'leader' },
    ],
    0,
  ],
  [
    'a minority and another node',
    [
      { kind: 'pause', nodes: 'minority' },
      { kind: 'pause', nodes: 'one' },
    ],
    100,
  ],
  ['three named nodes', [{ kind: 'pause', nodes: ['n1', 'n2', 'n3'] }], 100],
  [
    'the same two nodes twice',
    [
      { kind: 'pause', nodes: ['n1', 'n2'] },
      { kind: 'pause', nodes: ['n1', 'n2'] },
    ],
    0,
  ],
  ['all nodes', [{ kind: 'pause', nodes: 'all' }], 100],
  [
    'an isolated node and a minority',
    [
      { kind: 'partition', links: 'isolate-one', mode: 'hold' },
      { kind: 'pause', nodes: 'minority' },
    ],
    100,
  ],
  ...(['halves', 'majority-ring', 'bridge'] as const).flatMap((links): [string, readonly FaultPlan[], number][] => [
    [links, [{ kind: 'partition', links, mode: 'hold' }], 0],
    [
      `${links} and another node`,
      [
        { kind: 'partition', links, mode: 'hold' },
        { kind: 'pause', nodes: 'follower' },
      ],
      100,
    ],
  ]),
  ...(['isolate-leader', 'isolate-one', 'one-way'] as const).flatMap(
    (links): [string, readonly FaultPlan[], number][] => [
      [
        `${links} and another node`,
        [
          { kind: 'partition', links, mode: 'hold' },
          { kind: 'pause', nodes: ['n1'] },
        ],
        0,
      ],
      [
        `${links} and two other nodes`,
        [
          { kind: 'partition', links, mode: 'hold' },
          { kind: 'pause', nodes: ['n1', 'n2'] },
        ],
        100,
      ],
    ],
  ),
  ['every link between them', [{ kind: 'partition', links: 'between-nodes', mode: 'hold' }], 100],
  ['the links of clients', [{ kind: 'partition', links: 'with-clients', mode: 'hold' }], 0],
  ['a cut of named links', [{ kind: 'partition', links: [{ from: 'n1', to: 'n2' }], mode: 'hold' }], 0],
  ['a slow link', [{ kind: 'latency', links: 'between-nodes', latencyMs: 5 as Millis, jitterMs: 0 as Millis }], 0],
  ['a wrong clock', [{ kind: 'clock', nodes: 'all', offsetMs: 5 as Millis, driftPpm: 0 }], 0],
])('outageNanos returns how long five nodes are without a majority during faults: %s', (_, plans, expected) => {
  expect(outageOf(...plans)).toBe(expected)
})

test('the outage caused by a kill includes the restart of the nodes', () => {
  expect(outageOf({ kind: 'kill', nodes: 'all' })).toBe(100 + 500_000_000)
  expect(outageOf({ kind: 'crash', nodes: 'all', before: 'send', nth: 1 })).toBe(100 + 500_000_000)
})

test('two faults that each leave a majority cause an outage only while they overlap', () => {
  const at = (from: number, to: number) => ({ from: nanos(from), to: nanos(to) })
  const two = { kind: 'pause', nodes: 'minority' } as const
  const overlapping = [
    { ...at(0, 50), plan: two },
    { ...at(30, 80), plan: two },
    { ...at(80, 90), plan: two },
  ]
  expect(outageNanos(overlapping, nodeNames(5))).toBe(20)
  expect([1, 2, 3, 4, 5, 6].map((count) => outageNanos([{ ...at(0, 9), plan: two }], nodeNames(count)))).toEqual([
    9, 9, 0, 0, 0, 0,
  ])
})
