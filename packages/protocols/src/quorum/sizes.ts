import type { KnobValue } from '../definition.ts'

/** How many nodes hold a key (N), and how many of them a read (R) and a write (W) wait for. */
export interface Sizes {
  readonly n: number
  readonly r: number
  readonly w: number
}

type Knobs = { readonly [name: string]: KnobValue }

/** The largest cluster the tool starts. */
const MOST_NODES = 15

export function sizesOf({ replicas = 'all', r = 'majority', w = 'majority' }: Knobs, nodes: number): Sizes {
  const n = replicas === 'all' ? nodes : Number(replicas)
  const of = (size: KnobValue): number =>
    size === 'all' ? n : size === 'majority' ? Math.floor(n / 2) + 1 : Number(size)
  return { n, r: of(r), w: of(w) }
}

/**
 * Whether every read meets every write at some replica, however many nodes there are: R + W > N (Gifford, "Weighted
 * Voting for Replicated Data", 1979). For two writes to meet as well, the first phase of a write is a read.
 */
export const overlap = (knobs: Knobs): boolean =>
  Array.from({ length: MOST_NODES }, (_, i) => i + 1)
    .filter((nodes) => impossibleSizes(knobs, nodes) === undefined)
    .map((nodes) => sizesOf(knobs, nodes))
    .every(({ n, r, w }) => r + w > n)

/** Why this number of nodes cannot have these sizes; undefined if it can. */
export function impossibleSizes(knobs: Knobs, nodes: number): string | undefined {
  const { n, r, w } = sizesOf(knobs, nodes)
  if (n > nodes) return `replicas=${n} needs ${n} nodes, and there are ${nodes}`
  for (const [name, size] of [
    ['r', r],
    ['w', w],
  ] as const)
    if (size > n) return `${name}=${size} waits for more replicas than the ${n} that a key has`
  if (knobs['sloppy'] === true && n === nodes)
    return `sloppy=true needs a node that can stand in: with ${nodes} nodes give at most replicas=${nodes - 1}`
  return undefined
}
