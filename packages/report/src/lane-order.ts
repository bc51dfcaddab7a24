import type { Sign, StoryTelling } from './told-story.ts'

type Pair = readonly [string, string]

/** The links of a partition; its walls are drawn until it heals. */
export type Links = readonly Pair[]

export const isCut = (links: Links, one: string, other: string): boolean =>
  links.some(([from, to]) => (from === one && to === other) || (from === other && to === one))

/** Returns the partitions in force after an event. */
export function cutsAfter(cuts: readonly Links[], sign: Sign): readonly Links[] {
  if (sign.type === 'cut') return [...cuts, sign.between]
  if (sign.type !== 'restored') return cuts
  const ends = JSON.stringify(sign.between)
  const place = cuts.findIndex((links) => JSON.stringify(links) === ends)
  return cuts.filter((_, i) => i !== place)
}

/**
 * Returns the pairs of adjacent lanes that a partition of these links separates. A wall is drawn between the lanes of
 * each pair.
 */
export const wallsBetween = <Lane extends { readonly name: string }>(
  lanes: readonly Lane[],
  links: Links,
): readonly (readonly [Lane, Lane])[] =>
  lanes.flatMap((lane, i) => {
    const next = lanes[i + 1]
    return next !== undefined && isCut(links, lane.name, next.name) ? [[lane, next] as const] : []
  })

/**
 * Returns the order of the lanes. Nodes are in the middle. Each client is on the side of the node that it calls first.
 * The nodes on each side of the first partition stay together, so that a wall between two lanes can separate them.
 * Among such orders, returns the one in which calls cross the fewest other lanes.
 */
export function lanesInOrder({ clients, nodes, steps }: StoryTelling): readonly string[] {
  const signs = steps.flatMap((step) => step.signs)
  const calls = signs.flatMap((sign): Pair[] => (sign.type === 'call' ? [[sign.from, sign.to]] : []))
  const [cut] = signs.flatMap((sign) => (sign.type === 'cut' ? [sign.between] : []))
  const orders = cut === undefined ? [nodes] : ordersOf(sidesOf(nodes, cut), cut)
  const placed = orders.map((order) => withClients(order, clients, calls))
  const crossings = placed.map((lanes) => crossedIn(lanes, calls))
  return placed[crossings.indexOf(Math.min(...crossings))] ?? [...clients, ...nodes]
}

function withClients(nodes: readonly string[], clients: readonly string[], calls: readonly Pair[]): readonly string[] {
  const middle = (nodes.length - 1) / 2
  const right = clients.filter((client, i) => {
    const [, first = ''] = calls.find(([from]) => from === client) ?? []
    const at = nodes.indexOf(first)
    return at < 0 || at === middle ? i >= clients.length / 2 : at > middle
  })
  return [...clients.filter((client) => !right.includes(client)), ...nodes, ...right]
}

/** Returns the number of lanes that the calls cross. */
const crossedIn = (lanes: readonly string[], calls: readonly Pair[]): number =>
  calls.reduce((sum, [from, to]) => sum + Math.abs(lanes.indexOf(from) - lanes.indexOf(to)) - 1, 0)

/**
 * Returns the candidate orders of nodes. If the partition concerns only some nodes of a side, these nodes are next to
 * the other side.
 */
function ordersOf(sides: readonly (readonly string[])[], cut: readonly Pair[]): readonly (readonly string[])[] {
  const [one, other] = sides
  const isConcerned = (node: string): boolean => cut.some((ends) => ends.includes(node))
  if (one === undefined || sides.length > 2) return [sides.flat()]
  if (other === undefined) {
    // The partition leaves every pair of nodes connected through other nodes.
    const [ends, rest] = [one.filter(isConcerned), one.filter((node) => !isConcerned(node))]
    return ends.length === 2
      ? [
          [...ends, ...rest],
          [...rest, ...ends],
        ]
      : [one]
  }
  const [near, far] = [one.filter(isConcerned), one.filter((node) => !isConcerned(node))]
  return far.length === 0
    ? [[...one, ...other]]
    : [
        [...far, ...near, ...other],
        [...near, ...other, ...far],
      ]
}

/** Returns the groups of nodes that can reach each other, in the order of their first nodes. */
function sidesOf(nodes: readonly string[], cut: readonly Pair[]): readonly (readonly string[])[] {
  const sides: string[][] = []
  for (const node of nodes) {
    const side = sides.find((others) => others.some((other) => !isCut(cut, node, other)))
    if (side === undefined) sides.push([node])
    else side.push(node)
  }
  return sides
}
