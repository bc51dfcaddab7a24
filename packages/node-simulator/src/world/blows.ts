import type { FaultKind, FaultOfKind, NodeId } from '@chaosproxy/faults'
import { type NodeClock, type NodeHarm, strikeAll, type Undo } from '@chaosproxy/simulator'
import type { LinkFault, Network } from './network.ts'
import type { World } from './world.ts'

/** A fault that can be injected only into a PostgreSQL server. */
export type DatabaseFault = FaultOfKind<
  'lose-commit-reply' | 'serialization-failure' | 'refuse-sessions' | 'slow-statements' | 'failover' | 'restart'
>

/** The treatment of data that was not fsynced. */
export type Unsynced = NonNullable<FaultOfKind<'power-loss'>['unsynced']>

export const isOfDatabases = (kind: FaultKind): kind is DatabaseFault['kind'] => serviceBlows[kind] === onDatabases

export interface Stoppable {
  readonly id: NodeId
  readonly clock: NodeClock
  start(): void
  kill(): boolean
  /** Drops data that was not fsynced; absent in a node without a disk. */
  losePower?(unsynced: Unsynced): void
  /** Injects a fault into a PostgreSQL server. Absent if the node is no PostgreSQL server. */
  injectFault?(fault: DatabaseFault): Undo
  /** Returns why a kind of fault cannot hit the node. */
  whyNot?(kind: FaultKind): string | undefined
}

/** The parts of a cluster that faults act on. */
export interface Injectable {
  readonly world: World
  readonly network: Network
  readonly nodes: ReadonlyMap<NodeId, Stoppable>
}

/** The functions that inject faults into simulated programs. Faults are in force on return. */
export const serviceBlows: { readonly [Kind in FaultKind]?: (fault: FaultOfKind<Kind>, around: Injectable) => Undo } = {
  partition: onLinks,
  blackhole: onLinks,
  latency: onLinks,
  bandwidth: onLinks,
  reset({ links }, { network }) {
    const hits = links.reduce((sum, link) => sum + network.reset(link), 0)
    return () => hits
  },
  kill: (fault, around) => restartOf(named(fault, around).filter((node) => node.kill())),
  'power-loss'(fault, around) {
    const killed = named(fault, around).filter((node) => node.kill())
    for (const node of killed) node.losePower?.(fault.unsynced ?? 'lost')
    return restartOf(killed)
  },
  pause(fault, around) {
    const { world } = around
    const paused = named(fault, around).filter(({ id }) => !world.paused.has(id))
    for (const { id } of paused) world.paused.set(id, [])
    return () => {
      for (const { id } of paused) world.resume(id)
      return paused.length
    }
  },
  clock(fault, around) {
    const { world } = around
    const nodes = named(fault, around)
    const wrong = { offsetMs: fault.offsetMs, driftPpm: fault.driftPpm, since: world.now() }
    const before = world.turnCount
    for (const { clock } of nodes) clock.add(wrong, world.now())
    return () => {
      for (const { clock } of nodes) clock.remove(wrong, world.now())
      return world.turnCount - before
    }
  },
  'lose-commit-reply': onDatabases,
  'serialization-failure': onDatabases,
  'refuse-sessions': onDatabases,
  'slow-statements': onDatabases,
  failover: onDatabases,
  restart: onDatabases,
}

/** Registers the effect of a user-defined fault on programs. */
export function addServiceBlow(kind: string, harm: NodeHarm): void {
  const open: { [kind: string]: unknown } = serviceBlows
  open[kind] = (fault: { readonly nodes: readonly NodeId[] }, around: Injectable): Undo => {
    const { world } = around
    return strikeAll(
      kind,
      harm,
      named(fault, around).map((node) => ({
        kill: () => node.kill(),
        revive: () => node.start(),
        pause() {
          if (world.paused.has(node.id)) return false
          world.paused.set(node.id, [])
          return true
        },
        resume: () => world.resume(node.id),
      })),
    )
  }
}

function onDatabases(fault: DatabaseFault, around: Injectable): Undo {
  const undos = named(fault, around).flatMap((node) => node.injectFault?.(fault) ?? [])
  return () => undos.reduce((sum, undo) => sum + undo(), 0)
}

const restartOf = (killed: readonly Stoppable[]) => () => {
  for (const node of killed) node.start()
  return killed.length
}

const named = ({ nodes: ids }: { readonly nodes: readonly NodeId[] }, { nodes }: Injectable): Stoppable[] =>
  ids.flatMap((id) => nodes.get(id) ?? [])

function onLinks(fault: LinkFault, { network }: Injectable): Undo {
  const standing = network.add(fault.links, fault)
  return () => {
    network.remove(fault.links, standing)
    return standing.hits
  }
}
