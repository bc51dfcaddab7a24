import { check, type OrderEdge } from '@chaosproxy/checker'
import { type EventInput, historyFromEvents, millis } from '@chaosproxy/history'
import { expect, test } from 'vitest'

const did = (process: number, f: string, key: string, value: number): EventInput[] => [
  { process, type: 'invoke', f, key, value: f === 'read' ? null : value },
  { process, type: 'ok', f, key, value },
]

function sequentialEdges(events: readonly EventInput[]): readonly OrderEdge[] {
  const { levels } = check(historyFromEvents(events), {
    model: 'register',
    initial: null,
    levels: ['sequential'],
    failedCas: 'drop',
    deadlineMs: millis(5000),
    memoryBytes: 1 << 28,
    now: () => millis(performance.now()),
  })
  const verdict = levels.sequential
  if (verdict.result !== 'violated') throw new Error(`it is ${verdict.result}`)
  return verdict.counterexample.edges ?? []
}

/**
 * Checks that each edge of a chain ends at the operation at which the next edge begins. Does the same for the chains
 * that explain the edges.
 */
function expectChained(edges: readonly OrderEdge[]): void {
  for (const [i, edge] of edges.entries()) {
    const next = edges[i + 1]
    if (next !== undefined) expect(edge.after).toBe(next.before)
    if (edge.shownBy !== undefined) expectChained(edge.shownBy.chain)
  }
}

test('a counterexample names the read that must precede an overwrite, and the edges that prove this order', () => {
  // Process 0 writes 1, then 2. Process 1 learns of the write of 2 through key y, and still reads 1.
  const edges = sequentialEdges([
    ...did(0, 'write', 'x', 1),
    ...did(0, 'write', 'x', 2),
    ...did(0, 'write', 'y', 5),
    ...did(1, 'read', 'y', 5),
    ...did(1, 'read', 'x', 1),
  ])
  const chained = edges.find((edge) => edge.shownBy !== undefined)
  // The read of 1 saw the write of 1, which precedes the write of 2. So the read precedes the write of 2, too.
  expect(chained).toMatchObject({ before: 4, after: 1, reason: 'overwritten after', shownBy: { read: 4 } })
  expect(chained?.shownBy?.chain).toEqual([{ before: 0, after: 1, reason: 'process order' }])
  expectChained(edges)
})
