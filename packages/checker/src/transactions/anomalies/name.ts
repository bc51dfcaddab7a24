import { RT, RW, SO, WR } from '../graph/edges.ts'
import type { CycleStep } from '../levels/situation.ts'
import type { CycleAnomaly, CycleClassName, Strength } from './classes.ts'

/** The class and strength of a cycle. */
export function nameOf(steps: readonly CycleStep[]): CycleAnomaly {
  const kinds = steps.map(({ kind }) => kind)
  const strength: Strength = kinds.includes(RT) ? '-realtime' : kinds.includes(SO) ? '-process' : ''
  return `${classOf(kinds)}${strength}`
}

function classOf(kinds: readonly number[]): CycleClassName {
  const readWrites = kinds.filter((kind) => kind === RW).length
  if (readWrites === 0) return kinds.includes(WR) ? 'G1c' : 'G0'
  if (readWrites === 1) return 'G-single-item'
  const areAdjacent = kinds.some((kind, at) => kind === RW && kinds[(at + 1) % kinds.length] === RW)
  return areAdjacent ? 'G2-item' : 'G-nonadjacent-item'
}
