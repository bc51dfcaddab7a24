import type { StoryTelling } from '../told-story.ts'

type Pair = readonly [string, string]

/**
 * Nodes in the middle, those on one side of the first cut next to one another; clients on the side that they talk to first: so
 * few messages cross a lane that is not theirs, and a wall stands between two lanes.
 */
export function lanesInOrder({ clients, nodes, steps }: StoryTelling): readonly string[] {
  const signs = steps.flatMap((step) => step.signs)
  const [cut] = signs.flatMap((sign) => (sign.type === 'cut' ? [sign] : []))
  const ordered = cut === undefined ? nodes : sidesOf(nodes, cut.between).flat()
  const middle = (ordered.length - 1) / 2
  const isRight = (client: string, i: number): boolean => {
    const [first] = signs.flatMap((sign) => (sign.type === 'call' && sign.from === client ? [sign.to] : []))
    const at = first === undefined ? -1 : ordered.indexOf(first)
    return at < 0 || at === middle ? i >= clients.length / 2 : at > middle
  }
  const right = clients.filter(isRight)
  return [...clients.filter((client) => !right.includes(client)), ...ordered, ...right]
}

/** The groups of nodes that reach one another, in the order of their first nodes. */
function sidesOf(nodes: readonly string[], cut: readonly Pair[]): readonly (readonly string[])[] {
  const isCut = (a: string, b: string): boolean =>
    cut.some(([from, to]) => (from === a && to === b) || (from === b && to === a))
  const sides: string[][] = []
  for (const node of nodes) {
    const side = sides.find((others) => others.some((other) => !isCut(node, other)))
    if (side === undefined) sides.push([node])
    else side.push(node)
  }
  return sides
}
