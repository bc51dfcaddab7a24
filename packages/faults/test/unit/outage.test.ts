import { nanos } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { type FaultPlan, nodeNames } from '../../src/index.ts'
import { outageNanos } from '../../src/schedule/outage.ts'

/** How long no majority of five nodes is up, of the 100 ns for which each of these faults is active. */
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
  ['halves', [{ kind: 'partition', links: 'halves', mode: 'hold' }], 0],
])('outageNanos returns the time without a majority of five nodes that lack %s', (_, plans, expected) => {
  expect(outageOf(...plans)).toBe(expected)
})

test('the outage caused by a kill includes the restart of the nodes', () => {
  expect(outageOf({ kind: 'kill', nodes: 'all' })).toBe(100 + 500_000_000)
})
