import { fnv1a, type NodeId } from '@chaosproxy/faults'
import type { Command } from '../command.ts'
import { UNKEYED } from '../objects/object.ts'
import type { BalancerTurn, Health } from './state.ts'

/** The number of points of each server on the ring. */
const POINTS = 16

export function choose(turn: BalancerTurn, command: Command, tried: readonly NodeId[]): NodeId | undefined {
  const candidates = usable(turn).filter((server) => !tried.includes(server))
  const [first] = candidates
  if (first === undefined) return undefined
  const { state, config } = turn
  switch (config.choice) {
    case 'round-robin':
      state.turns++
      return candidates[state.turns % candidates.length]
    case 'least-connections': {
      const openOf = (server: NodeId) => state.health.get(server)?.open ?? 0
      return candidates.reduce((best, server) => (openOf(server) < openOf(best) ? server : best), first)
    }
    case 'consistent-hashing':
      return onRing(candidates, command.input.key ?? UNKEYED, first)
    default:
      return config.choice satisfies never
  }
}

/**
 * Returns the servers that get requests. If too few servers are up, health checks are ignored (Envoy documentation,
 * "Panic threshold").
 */
function usable({ state, config }: BalancerTurn): readonly NodeId[] {
  const up = state.servers.filter((server) => state.health.get(server)?.up !== false)
  return up.length < config.panicShare * state.servers.length ? state.servers : up
}

/** Returns the first server clockwise. When a server fails, only its own keys move (Karger et al., STOC 1997). */
function onRing(servers: readonly NodeId[], key: string, first: NodeId): NodeId {
  const place = hashOf(key)
  let best = first
  let least = Number.POSITIVE_INFINITY
  for (const server of servers)
    for (let point = 0; point < POINTS; point++) {
      const distance = (hashOf(`${server} ${point}`) - place + 2 ** 32) % 2 ** 32
      if (distance < least) {
        least = distance
        best = server
      }
    }
  return best
}

function hashOf(text: string): number {
  const hash = fnv1a(text)
  return Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) >>> 0
}

const NEW: Health = { up: true, missed: 0, open: 0, unchecked: 0 }

export function changeHealth(
  { state }: BalancerTurn,
  server: NodeId,
  change: (health: Health) => Partial<Health>,
): void {
  const health = state.health.get(server) ?? NEW
  state.health.set(server, { ...health, ...change(health) })
}
