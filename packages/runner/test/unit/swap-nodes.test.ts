import { millis, nanos } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { type Scenario, swapNodes } from '../../src/index.ts'

const scenario: Scenario = {
  workload: 'register',
  settings: {},
  target: 'raft',
  bug: undefined,
  targetSettings: {},
  nodes: 3,
  seed: 1,
  timeoutMs: millis(500),
  operations: ['n1', 'n2', 'n3'].map((node) => ({
    at: nanos(0),
    client: 0,
    node,
    input: { f: 'read', key: 'x', value: null },
  })),
  faults: [
    { from: nanos(1), to: nanos(2), fault: { kind: 'kill', nodes: ['n1'] } },
    {
      from: nanos(1),
      to: nanos(2),
      fault: {
        kind: 'partition',
        links: [
          { from: 'n3', to: 'clients' },
          { from: 'n1', to: 'n2' },
        ],
        mode: 'drop',
      },
    },
  ],
}

test('swapNodes swaps two nodes in operations and in faults', () => {
  const { operations, faults } = swapNodes(scenario, 'n1', 'n3')
  expect(operations.map(({ node }) => node)).toEqual(['n3', 'n2', 'n1'])
  expect(faults.map(({ fault }) => fault)).toEqual([
    { kind: 'kill', nodes: ['n3'] },
    {
      kind: 'partition',
      links: [
        { from: 'n1', to: 'clients' },
        { from: 'n3', to: 'n2' },
      ],
      mode: 'drop',
    },
  ])
})

test('swapNodes returns the original scenario if it is applied twice, or if both nodes are the same', () => {
  expect(swapNodes(swapNodes(scenario, 'n1', 'n2'), 'n1', 'n2')).toEqual(scenario)
  expect(swapNodes(scenario, 'n2', 'n2')).toEqual(scenario)
})
