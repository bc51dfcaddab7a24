import type { NodeId } from '@chaosproxy/faults'
import type { Intrinsics } from './builtins/intrinsics.ts'
import { type NodeEnvironment, programOf } from './environment.ts'
import type { Seats } from './program/seats.ts'
import { startProgram } from './program/start.ts'
import { NotSimulated } from './refusal.ts'
import type { Service } from './service.ts'
import type { Death, Life } from './world/life.ts'
import { type NodeOptions, ServiceNode } from './world/node.ts'

/** Options shared by all nodes of a run. */
export interface NodesOptions extends Pick<NodeOptions, 'world' | 'network' | 'seed' | 'hosts'> {
  readonly service: Service
  readonly intrinsics: Intrinsics
  readonly seats: Seats
  readonly environmentOf: (id: NodeId) => NodeEnvironment
}

export interface NodeWatch {
  /** Called when the node's program ended by itself. */
  readonly died: (node: ServiceNode, death: Death) => void
  readonly evaluated?: ((exported: unknown) => void) | undefined
}

/** Returns a node that has not been started. */
export function nodeOf(
  id: NodeId,
  { service, world, network, seed, hosts, intrinsics, seats, environmentOf }: NodesOptions,
  watch: NodeWatch,
): ServiceNode {
  const { program } = programOf(service, id)
  const { http } = service.spec
  const boot = (life: Life): void => {
    startProgram(life, { program, seats, ...environmentOf(id), files: node.files, evaluated: watch.evaluated })
    const replaced = looked.has(program) ? undefined : intrinsics.replaced()
    looked.add(program)
    if (replaced !== undefined) world.refuse(id, new NotSimulated(...replacing(replaced)))
  }
  const died = (death: Death): void => watch.died(node, death)
  const node: ServiceNode = new ServiceNode({
    ...{ world, network, id, seed, hosts, boot, died, directory: program.directory },
    messages: http === 'messages',
  })
  return node
}

/** Programs that have started before. Only the first start is checked for replaced intrinsics. */
const looked = new WeakSet<Service['program']>()

export const replacing = (name: string): ConstructorParameters<typeof NotSimulated> => [
  `replacing ${name}`,
  'is shared by all nodes, and by the simulator itself',
  'Do not replace it if CHAOS_SIMULATED is set. Added properties are allowed, and removed after each run.',
]
