import { expect, test } from 'vitest'
import { NEVER } from '../../../src/encoding/encoded.ts'
import { componentsOf, isAcyclic } from '../../../src/transactions/graph/components.ts'
import { type EdgeKind, EdgeList, maskOf, RT, RW, SO, WR, WW } from '../../../src/transactions/graph/edges.ts'
import { graphOf } from '../../../src/transactions/graph/graph.ts'
import { addRealTime, addSessions, eventsOf } from '../../../src/transactions/graph/real-time.ts'

const edgesOf = (...all: readonly (readonly [from: number, to: number, kind: EdgeKind])[]): EdgeList => {
  const edges = new EdgeList(0)
  for (const [from, to, kind] of all) edges.add(from, to, kind, 0)
  return edges
}

test('componentsOf finds a cycle only if the mask includes the kinds of all its edges', () => {
  const graph = graphOf(edgesOf([0, 1, WW], [1, 2, WR], [2, 0, RW], [3, 0, WW]), 4)
  expect(isAcyclic(graph, maskOf(WW, WR))).toBe(true)
  const { count, of, size } = componentsOf(graph, maskOf(WW, WR, RW))
  expect(count).toBe(2)
  expect(of[0]).toBe(of[2])
  expect([...size]).toEqual([3, 1])
  expect(of[3]).toBeGreaterThan(of[0] ?? 0)
})

/** Transaction 0 ends before 1 and 2 begin. Transaction 1 ends before 2 ends. Transaction 3 has no answer. */
const spans = {
  length: 4,
  session: Int32Array.of(7, 8, 7, 8),
  invoked: Int32Array.of(0, 2, 3, 6),
  completed: Int32Array.of(1, 4, 5, NEVER),
}
const all = new Uint8Array(4).fill(1)

test('addRealTime orders exactly the pairs of transactions that do not overlap', () => {
  const edges = new EdgeList()
  const barriers = addRealTime(edges, eventsOf(spans, all), 4)
  const graph = graphOf(edges, 4 + barriers)
  expect(isAcyclic(graph, maskOf(RT))).toBe(true)
  const reaches = (from: number, to: number): boolean => {
    for (let e = graph.starts[from] ?? 0; e < (graph.starts[from + 1] ?? 0); e++)
      if (graph.to[e] === to || reaches(graph.to[e] ?? 0, to)) return true
    return false
  }
  for (let a = 0; a < 4; a++)
    for (let b = 0; b < 4; b++)
      expect(reaches(a, b), `${a} before ${b}`).toBe((spans.completed[a] ?? 0) < (spans.invoked[b] ?? 0))
})

test('a session edge joins each transaction to the next transaction of its process', () => {
  const edges = new EdgeList()
  addSessions(edges, spans, all)
  expect(Array.from({ length: edges.length }, (_, e) => [edges.from[e], edges.to[e], edges.kind[e]])).toEqual([
    [0, 2, SO],
    [1, 3, SO],
  ])
})
