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

/** That each order of a chain ends where the next begins. */
function expectChained(edges: readonly OrderEdge[]): void {
  for (const [i, edge] of edges.entries()) {
    const next = edges[i + 1]
    if (next !== undefined) expect(edge.after).toBe(next.before)
    if (edge.shownBy !== undefined) expectChained(edge.shownBy.chain)
  }
}

test('the counterexample names the read that must precede the overwrite of its value, and the edges that prove the overwrite', () => {
  // Process 0 writes 1, then 2; process 1 learns of 2 by a way round key y and still reads 1.
  const edges = sequentialEdges([
    ...did(0, 'write', 'x', 1),
    ...did(0, 'write', 'x', 2),
    ...did(0, 'write', 'y', 5),
    ...did(1, 'read', 'y', 5),
    ...did(1, 'read', 'x', 1),
  ])
  const shown = edges.find((edge) => edge.shownBy !== undefined)
  // The read of 1 comes before the write of 2, since what it saw does.
  expect(shown).toMatchObject({ before: 4, after: 1, reason: 'overwritten after', shownBy: { read: 4 } })
  expect(shown?.shownBy?.chain).toEqual([{ before: 0, after: 1, reason: 'process order' }])
  expectChained(edges)
})
