import type { FaultKind } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import type { Suffering, Target } from '@chaosproxy/runner'
import { simulatorSuffers } from '@chaosproxy/simulator'
import { nodeHarms } from '../network/node-harms.ts'
import { maelstromProgram } from './reference.ts'

const MAELSTROM = 'maelstrom'

/**
 * A program that speaks Maelstrom's protocol, by its workload and command: `maelstrom:lin-kv:python3 ./node.py`.
 *
 * @throws UserError (usage) for an unknown workload or a missing command.
 */
export function maelstromTarget(reference: string): Target {
  const { rpc, command, words } = maelstromProgram(reference)
  return {
    name: `${MAELSTROM}-${rpc.name}`,
    summary: `${command}, a Maelstrom program`,
    tier: 'real',
    defaultNodes: 5,
    settings: [
      {
        name: 'latency',
        summary: 'mean delay of a message between nodes, in ms; those of clients have none',
        default: 0,
        min: 0,
        max: 10_000,
        fraction: true,
      },
    ],
    bugs: [],
    marks: false,
    sticky: true,
    functions: () => rpc.functions,
    objects: [rpc.object],
    usual: { workload: { name: rpc.workload, settings: rpc.settings }, faults: rpc.faults ?? ['partition'] },
    promises: ({ faults }) => (faults.some(losesMemory) ? 'nothing' : rpc.promises),
    suffers,
    async start({ settings, ...options }) {
      const { startMaelstrom } = await import('./cluster.ts')
      return startMaelstrom({ ...options, words, rpc, latencyMs: millis(Number(settings['latency'] ?? 0)) })
    },
  }
}

/** A program without a disk of its own forgets everything. */
const losesMemory = (kind: FaultKind): boolean => kind === 'kill'

/** Its processes can be killed and paused; its messages suffer what those of the simulator do, but no forgery. */
function suffers(kind: FaultKind): Suffering {
  if (Object.hasOwn(nodeHarms, kind)) return true
  const simulated = simulatorSuffers(kind)
  if (simulated !== true) return simulated
  return MESSAGES.has(kind)
    ? true
    : { not: 'the messages of a Maelstrom program pass whole', instead: ['partition', 'loss'] }
}

const MESSAGES: ReadonlySet<FaultKind> = new Set<FaultKind>([
  ...(['partition', 'blackhole', 'latency', 'bandwidth', 'drop-message', 'duplicate-message'] as const),
  ...(['reorder-message', 'delay-message'] as const),
])
