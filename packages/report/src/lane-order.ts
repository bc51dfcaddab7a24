import type { Sign, StoryTelling } from './played-story.ts'

type Pair = readonly [string, string]

/** The links of a partition. */
export type Links = readonly Pair[]

export const isCut = (links: Links, one: string, other: string): boolean =>
  links.some(([from, to]) => (from === one && to === other) || (from === other && to === one))

export function cutsAfter(cuts: readonly Links[], sign: Sign): readonly Links[] {
  if (sign.type === 'cut') return [...cuts, sign.between]
  if (sign.type !== 'restored') return cuts
  const ends = JSON.stringify(sign.between)
  const place = cuts.findIndex((links) => JSON.stringify(links) === ends)
  return cuts.filter((_, i) => i !== place)
}

/** Returns pairs of adjacent lanes with a wall between them, because the partition separates them. */
export const wallsBetween = <Lane extends { readonly name: string }>(
  lanes: readonly Lane[],
  links: Links,
): readonly (readonly [Lane, Lane])[] =>
  lanes.flatMap((lane, i) => {
    const next = lanes[i + 1]
    return next !== undefined && isCut(links, lane.name, next.name) ? [[lane, next] as const] : []
  })

/**
 * Returns the order in which a drawing shows clients and nodes from left to right. The nodes are in the middle. Each
 * client is to the left or right of all nodes, closer to the first node that it calls. Nodes on the same side of the
 * first network partition are adjacent, so that a wall between the sides can be drawn. Among these orders, returns the
 * one in which the arrows of calls cross the fewest lanes.
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

const crossedIn = (lanes: readonly string[], calls: readonly Pair[]): number =>
  calls.reduce((sum, [from, to]) => sum + Math.abs(lanes.indexOf(from) - lanes.indexOf(to)) - 1, 0)

/** Returns the possible orders of nodes. In the first of two sides, nodes with cut links are next to the second. */
function ordersOf(sides: readonly (readonly string[])[], cut: readonly Pair[]): readonly (readonly string[])[] {
  const [one, other] = sides
  const isConcerned = (node: string): boolean => cut.some((ends) => ends.includes(node))
  if (one === undefined || sides.length > 2) return [sides.flat()]
  const [near, far] = [one.filter(isConcerned), one.filter((node) => !isConcerned(node))]
  // The partition leaves a single side if all nodes still reach each other, some of them through other nodes.
  if (other === undefined)
    return near.length === 2
      ? [
          [...near, ...far],
          [...far, ...near],
        ]
      : [one]
  return far.length === 0
    ? [[...one, ...other]]
    : [
        [...far, ...near, ...other],
        [...near, ...other, ...far],
      ]
}

function sidesOf(nodes: readonly string[], cut: readonly Pair[]): readonly (readonly string[])[] {
  const sides: string[][] = []
  for (const node of nodes) {
    const side = sides.find((others) => others.some((other) => !isCut(cut, node, other)))
    if (side === undefined) sides.push([node])
    else side.push(node)
  }
  return sides
}
