import { expect, test } from 'vitest'
import { topologyNames, topologyOf } from '../../../../src/stdio/maelstrom/topology.ts'

const FIVE = ['n1', 'n2', 'n3', 'n4', 'n5']

test('topologyOf arranges five nodes as Maelstrom does', () => {
  expect(topologyOf(FIVE, 'line')).toMatchObject({ n1: ['n2'], n3: ['n2', 'n4'], n5: ['n4'] })
  expect(topologyOf(FIVE, 'grid')).toMatchObject({ n1: ['n2', 'n4'], n2: ['n1', 'n3', 'n5'] })
  expect(topologyOf(FIVE, 'tree')).toMatchObject({ n1: ['n2', 'n3'], n2: ['n1', 'n4', 'n5'], n5: ['n2'] })
  expect(topologyOf(FIVE, 'tree4')).toMatchObject({ n1: ['n2', 'n3', 'n4', 'n5'], n4: ['n1'] })
  expect(topologyOf(FIVE, 'total')['n3']).toEqual(['n1', 'n2', 'n4', 'n5'])
})

test('topologyOf connects all nodes, and its neighbours are mutual', () => {
  for (const name of topologyNames)
    for (let count = 1; count <= 15; count++) {
      const nodes = Array.from({ length: count }, (_, at) => `n${at + 1}`)
      const topology = topologyOf(nodes, name)
      for (const node of nodes)
        for (const other of topology[node] ?? []) expect(topology[other], `${name} of ${count}`).toContain(node)
      const reached = new Set(['n1'])
      for (const node of reached) for (const other of topology[node] ?? []) reached.add(other)
      expect(reached.size, `${name} of ${count}`).toBe(count)
    }
})
