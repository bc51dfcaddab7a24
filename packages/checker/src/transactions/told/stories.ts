import { RW, WR, WW } from '../graph/edges.ts'
import type { CycleStep } from '../levels/situation.ts'

/** What a developer calls a cycle. */
export type Story = 'lost update' | 'write skew' | 'read skew' | 'long fork' | 'stale read'

/** The story of a cycle; undefined if it has none of its own. */
export function storyOf(steps: readonly CycleStep[]): Story | undefined {
  const kinds = steps.map(({ kind }) => kind)
  const readWrites = kinds.filter((kind) => kind === RW).length
  if (steps.length === 2) {
    const [one, other] = steps
    if (readWrites === 2 && one.key !== other.key) return 'write skew'
    if (readWrites === 1 && kinds.includes(WW) && one.key === other.key) return 'lost update'
    if (readWrites === 1 && kinds.includes(WR)) return 'read skew'
    if (readWrites === 1) return 'stale read'
  }
  if (steps.length === 4 && readWrites === 2 && kinds.filter((kind) => kind === WR).length === 2) return 'long fork'
  return undefined
}
