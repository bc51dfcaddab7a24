import type { Json } from '@chaosproxy/history'
import { type Op, step } from './brute-force.ts'

/**
 * Decides linearizability by the algorithm of Wing, Gong and Lowe, without any reduction of the history. Tests compare
 * it with the checker's search, on histories of one key and medium length. Returns `undefined` after `limit` steps.
 */
export function plainSearch(ops: readonly Op[], initial: Json, limit: number): boolean | undefined {
  const seen = new Set<string>()
  const done = new Uint8Array(ops.length)
  const states: Json[] = [initial]
  // The operations placed so far. `tries` holds the next operation to try at each depth.
  const path: number[] = []
  const tries: number[] = [0]
  let left = ops.filter(({ completed }) => completed).length
  for (let steps = 0; steps < limit; steps++) {
    if (left === 0) return true
    const depth = path.length
    const state = states[depth]!
    let bound = Number.POSITIVE_INFINITY
    for (const [i, op] of ops.entries()) if (done[i] === 0 && op.return < bound) bound = op.return
    let next = tries[depth]!
    let after: Json | 'illegal' = 'illegal'
    for (; next < ops.length; next++) {
      const op = ops[next]!
      if (done[next] === 1 || op.call > bound) continue
      after = step(op, state, initial)
      if (after === 'illegal') continue
      done[next] = 1
      const key = `${JSON.stringify(after)} ${done.join('')}`
      if (!seen.has(key)) {
        seen.add(key)
        break
      }
      done[next] = 0
    }
    if (next < ops.length && after !== 'illegal') {
      tries[depth] = next + 1
      path.push(next)
      states.push(after)
      tries.push(0)
      if (ops[next]!.completed) left--
      continue
    }
    tries.pop()
    states.pop()
    const last = path.pop()
    if (last === undefined) return false
    done[last] = 0
    if (ops[last]!.completed) left++
  }
  return undefined
}
