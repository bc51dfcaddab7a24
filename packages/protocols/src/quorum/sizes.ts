import type { ProtocolSettingValue } from '../definition.ts'
import { majorityOf } from '../members.ts'

/** The number of nodes that store a key (N), that a read waits for (R), and that a write waits for (W). */
export interface Sizes {
  readonly n: number
  readonly r: number
  readonly w: number
}

/** The settings that determine the numbers N, R and W. A setting that is absent has its default value. */
export type SizeSettings = { readonly [Name in 'replicas' | 'r' | 'w' | 'sloppy']?: ProtocolSettingValue }

const MOST_NODES = 15

export function sizesOf({ replicas = 'all', r = 'majority', w = 'majority' }: SizeSettings, nodes: number): Sizes {
  const n = replicas === 'all' ? nodes : Number(replicas)
  const of = (size: ProtocolSettingValue) => (size === 'all' ? n : size === 'majority' ? majorityOf(n) : Number(size))
  return { n, r: of(r), w: of(w) }
}

/**
 * Whether every read overlaps with every write at some replica: R + W > N (Gifford, "Weighted Voting for Replicated
 * Data", 1979). Two writes then also overlap, because the first phase of a write is a read.
 */
export const overlap = (settings: SizeSettings): boolean =>
  Array.from({ length: MOST_NODES }, (_, i) => i + 1)
    .filter((nodes) => impossibleSizes(settings, nodes) === undefined)
    .map((nodes) => sizesOf(settings, nodes))
    .every(({ n, r, w }) => r + w > n)

export function impossibleSizes(settings: SizeSettings, nodes: number): string | undefined {
  const { n, r, w } = sizesOf(settings, nodes)
  if (n > nodes) return `replicas=${n} needs ${n} nodes, and there are ${nodes}`
  for (const [name, size] of [
    ['r', r],
    ['w', w],
  ] as const)
    if (size > n) return `${name}=${size} waits for more replicas than the ${n} that a key has`
  if (settings.sloppy === true && n === nodes)
    return `sloppy=true needs a node that can stand in: with ${nodes} nodes give at most replicas=${nodes - 1}`
  return undefined
}
