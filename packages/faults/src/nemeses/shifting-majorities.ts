import type { NodeId } from '../definition/link.ts'
import type { Random } from '../schedule/random.ts'
import type { Episode, EpisodePart } from './nemesis.ts'

const POWER_IS_BACK = 0.04
const MAJORITIES = 3
/**
 * The time between stopping one majority of the nodes and starting the next, as a share of the episode. Without this
 * pause, nodes of both majorities could be up at the same time.
 */
const HANDOVER = 0.02

/**
 * Plans a power failure. After it, different majorities are up, one after another. Only the few nodes that are in two
 * successive majorities know what the earlier majority acknowledged and promised. A correct system does not forget
 * this.
 */
export function shiftMajority(random: Random, nodes: readonly NodeId[]): Episode {
  const size = Math.floor(nodes.length / 2) + 1
  const majorities = [random.shuffle(nodes).slice(0, size)]
  while (majorities.length < MAJORITIES) {
    const last = majorities.at(-1) ?? []
    const others = nodes.filter((node) => !last.includes(node))
    majorities.push([...others, ...random.shuffle(last).slice(0, size - others.length)])
  }
  const length = (1 - POWER_IS_BACK) / MAJORITIES
  const victims = new Map<string, { from: number; to: number; nodes: NodeId[] }>()
  const down = (node: NodeId, from: number, to: number) => {
    const interval = victims.get(`${from}-${to}`) ?? { from, to, nodes: [] }
    interval.nodes.push(node)
    victims.set(`${from}-${to}`, interval)
  }
  for (const node of nodes) {
    let since: number | undefined = 0
    for (const [i, majority] of majorities.entries()) {
      const begins = POWER_IS_BACK + i * length
      if (!majority.includes(node)) since ??= begins - HANDOVER
      else if (since !== undefined) {
        down(node, since, begins)
        since = undefined
      }
    }
    if (since !== undefined) down(node, since, 1)
  }
  const parts = [...victims.values()].map(
    ({ from, to, nodes: together }): EpisodePart => ({ from, to, plan: { kind: 'kill', nodes: together } }),
  )
  return { parts, lengths: 4 }
}
