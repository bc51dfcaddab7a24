import { nemeses as allNemeses, type FaultKind, type Nemesis, type NodeId, resolveFault } from '@chaosproxy/faults'
import type { Input, Millis } from '@chaosproxy/history'
import { simulatorFaultSupport } from '../fault-support.ts'
import type { Harm, Reaction } from './reaction.ts'

/** Parameters that the user fixed. Each trial draws the others. */
export interface TrialChoices {
  /** The names of nemeses; empty for trials without faults. */
  readonly faults?: readonly string[] | undefined
  readonly clocks?: ClockStrengths | undefined
  readonly clients?: number | undefined
  /** The virtual time within which operations and faults begin. */
  readonly lengthMs?: Millis | undefined
  /** Weights by function, such as `{ read: 5, write: 1 }`. Functions without a weight are not called. */
  readonly mix?: { readonly [f: string]: number } | undefined
}

/** The greatest clock errors that faults cause. Clock faults never overlap, so no clock exceeds them. */
export interface ClockStrengths {
  /** The drift in parts per million, of fast and slow clocks; absent for the usual range. */
  readonly driftPpm?: number | undefined
  readonly jumpMs?: Millis | undefined
}

/**
 * Returns the default faults of a search: those between nodes, where most bugs are. Links never forge messages by
 * default, because a node that believes false messages keeps no promise, with or without a bug.
 */
const usual = (): readonly Nemesis[] =>
  allNemeses.filter(
    ({ among, kind }) => among === 'nodes' && simulatorFaultSupport(kind) === true && !kind.startsWith('forge-'),
  )

export const nemesesOf = ({ faults }: TrialChoices): readonly Nemesis[] =>
  faults === undefined ? usual() : allNemeses.filter(({ name }) => faults.includes(name))

export type NodesFor = (kind: FaultKind) => readonly NodeId[] | undefined

/** Returns the nemeses that can hit at least one node of a subject, aimed at the nodes that they can hit. */
export const aimed = (
  nemeses: readonly Nemesis[],
  { nodesFor }: { readonly nodesFor?: NodesFor | undefined },
): readonly Nemesis[] =>
  nodesFor === undefined
    ? nemeses
    : nemeses.flatMap((nemesis) => {
        const nodes = nodesFor(nemesis.kind)
        if (nodes === undefined) return [nemesis]
        if (nodes.length === 0) return []
        const plan: Nemesis['plan'] = (random) => {
          const { parts, lengths } = nemesis.plan(random, nodes)
          const situation = { nodes, leader: undefined, random }
          return { lengths, parts: parts.map((part) => ({ ...part, plan: resolveFault(part.plan, situation) })) }
        }
        return [{ ...nemesis, plan }]
      })

export const kindOf: { readonly [harm in Harm]: 'kill' | 'pause' | 'partition' } = {
  kill: 'kill',
  'kill-others': 'kill',
  'kill-all': 'kill',
  pause: 'pause',
  isolate: 'partition',
  deafen: 'partition',
  silence: 'partition',
}

export function reactionsWithin(reactions: readonly Reaction[], choices: TrialChoices): readonly Reaction[] {
  if (choices.faults === undefined) return reactions
  const kinds: readonly string[] = nemesesOf(choices).map(({ kind }) => kind)
  return reactions.filter(({ harm }) => kinds.includes(kindOf[harm]))
}

/** The maximum number of inputs to take from a client until one calls the wanted function, which may be rare. */
const MOST_TRIES = 200

/** Draws a function by weight, and returns the client's next input with this function, if there is one. */
export function mixed(next: () => Input | undefined, mix: TrialChoices['mix'], draw: () => number): Input | undefined {
  if (mix === undefined) return next()
  const wanted = weighted(mix, draw)
  let input = next()
  for (let tries = 1; input !== undefined && input.f !== wanted && tries < MOST_TRIES; tries++) input = next()
  return input?.f === wanted ? input : undefined
}

function weighted(mix: { readonly [f: string]: number }, draw: () => number): string | undefined {
  const entries = Object.entries(mix)
  let left = draw() * entries.reduce((sum, [, weight]) => sum + weight, 0)
  return entries.find(([, weight]) => {
    left -= weight
    return left < 0
  })?.[0]
}
