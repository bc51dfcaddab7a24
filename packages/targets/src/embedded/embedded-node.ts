import { createRandom } from '@chaosproxy/faults'
import type { UserError } from '@chaosproxy/history'
import type { NodeStatus } from '@chaosproxy/protocols'
import { type Life, type SupervisedNode, superviseNode } from '../command/supervised-node.ts'
import type { Keeper } from '../keeper/keeper.ts'
import type { NodeSetup } from '../node/wire.ts'
import { brokenError, type NodeProcess, type Ports, startNode } from './node-process.ts'

interface EmbeddedNodeOptions {
  readonly setup: Omit<NodeSetup, 'seed' | 'originNanos'>
  /** The origin of the times in the node's log, until `countFrom` changes it. */
  readonly originNanos: bigint
  readonly seed: number
  readonly keeper: Keeper
  readonly startupTimeoutMs: number
  /** Called with the node's ports once it listens, and with undefined once it no longer listens. */
  readonly moved: (ports: Ports | undefined) => void
  readonly statusChanged: () => void
  /** Called when a deliberate bug has changed this node's behaviour. */
  readonly marked: () => void
  readonly died: (message: string) => void
  /** Called when the process ended because of an error in its protocol's code. */
  readonly broke: (error: UserError) => void
}

/** A node that runs a protocol, over all its lives, and reports its own status. */
export interface EmbeddedNode extends SupervisedNode {
  status(): NodeStatus | undefined
  linked(): boolean
  /** Sets the origin of the times in the logs, for this life and later ones. */
  countFrom(originNanos: bigint): void
}

export function embeddedNode(options: EmbeddedNodeOptions): EmbeddedNode {
  const { setup, keeper } = options
  const { id, logPath } = setup
  let current: NodeProcess | undefined
  let { originNanos } = options

  async function launch(life: number): Promise<Life<Ports>> {
    const seed = createRandom(`${options.seed}/${id}/${life}`).integer(2 ** 31)
    const process = await startNode({ ...setup, seed, originNanos: String(originNanos) }, keeper, options)
    current = process
    process.exited.then(() => {
      const broken = process.broken()
      if (broken !== undefined) options.broke(brokenError(broken, logPath))
    })
    return { process, ready: process.ready }
  }

  const node = superviseNode<Ports>({
    id,
    logPath,
    startupTimeoutMs: options.startupTimeoutMs,
    launch,
    moved(ports) {
      options.moved(ports)
      options.statusChanged()
    },
    died(message) {
      if (current?.broken() === undefined) options.died(message)
    },
  })
  return {
    ...node,
    status: () => current?.status(),
    linked: () => current?.linked() === true,
    countFrom(moment) {
      originNanos = moment
      current?.countFrom(moment)
    },
  }
}
