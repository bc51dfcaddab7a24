import type { Budget } from '../../limits/budget.ts'
import type { Edge } from '../sequential/edges.ts'

/**
 * A cycle among the edges between nodes 0 … nodes - 1, if there is one. Consecutive steps of a client's own order are
 * merged: the operations in between do not matter.
 *
 * @throws OutOfTime
 */
export function findCycle(edges: readonly Edge[], nodes: number, budget: Budget): readonly Edge[] | undefined {
  const start = new Int32Array(nodes + 1)
  for (const { from } of edges) start[from + 1]++
  for (let n = 0; n < nodes; n++) start[n + 1] += start[n]
  const next = start.slice()
  const items = new Int32Array(edges.length)
  for (let e = 0; e < edges.length; e++) items[next[edges[e].from]++] = e
  next.set(start)
  const state = new Uint8Array(nodes)
  const path: number[] = []
  for (let node = 0; node < nodes; node++) {
    if (state[node] !== 0 || start[node] === start[node + 1]) continue
    state[node] = 1
    for (let at = node; ; ) {
      budget.tick()
      if (next[at] === start[at + 1]) {
        state[at] = 2
        const back = path.pop()
        if (back === undefined) break
        at = edges[back].from
        continue
      }
      const e = items[next[at]++]
      const { to } = edges[e]
      if (state[to] === 1) {
        path.push(e)
        return inFewSteps(path.slice(path.findIndex((each) => edges[each].from === to)).map((each) => edges[each]))
      }
      if (state[to] === 2) continue
      state[to] = 1
      path.push(e)
      at = to
    }
  }
  return undefined
}

function inFewSteps(cycle: readonly Edge[]): readonly Edge[] {
  const first = Math.max(
    0,
    cycle.findIndex(({ reason }) => reason !== 'process order'),
  )
  const steps: Edge[] = []
  for (const edge of [...cycle.slice(first), ...cycle.slice(0, first)]) {
    const last = steps[steps.length - 1]
    if (last?.reason === 'process order' && edge.reason === 'process order') {
      steps[steps.length - 1] = { from: last.from, to: edge.to, reason: 'process order' }
    } else steps.push(edge)
  }
  return steps
}
