import type { FaultKind } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import type { FaultSupport, Target } from '@chaosproxy/runner'
import { simulatorFaultSupport } from '@chaosproxy/simulator'
import { nodeHarms } from '../../network/node-harms.ts'
import { maelstromProgram } from './reference.ts'
import { networkOf, networkSettings } from './settings.ts'

const MAELSTROM = 'maelstrom'

/**
 * Returns a program with Maelstrom's protocol as a target, such as `maelstrom:lin-kv:python3 ./node.py`.
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
    settings: networkSettings,
    bugs: [],
    marks: false,
    sticky: true,
    // Programs may use a simple Raft, which waits two to four seconds before an election. Faults are short, so that a
    // run has time for such elections.
    longestFault: 0.4,
    // After the faults, a linearizable program only needs time to elect another leader. Other programs may gossip only
    // every five seconds, so they need more.
    quietMs: (level) => millis(level === 'linearizable' ? 4_000 : 8_000),
    functions: () => rpc.functions,
    objects: [rpc.object],
    usual: {
      workload: { name: rpc.workload, settings: rpc.settings },
      faults: rpc.faults ?? ['partition'],
      // Many programs are exercises of a course, and log each message, so the rate is low. It is still 40 times
      // Maelstrom's. If replicas must agree at the end, the load is shorter, because most of the run waits for the
      // agreement.
      load: { timeMs: rpc.promises === 'eventual' ? 5_000 : 8_000, rate: 200 },
    },
    // Programs keep their data only in memory.
    promises: ({ faults }) => (faults.includes('kill') ? 'nothing' : rpc.promises),
    supports: faultSupport,
    async start({ settings, ...options }) {
      const { startMaelstrom } = await import('./cluster.ts')
      return startMaelstrom({ ...options, ...networkOf(settings), words, rpc })
    },
  }
}

/**
 * Returns whether a fault can be injected. Processes can be killed and paused. The faults of messages are those of the
 * simulator, except forgery.
 */
function faultSupport(kind: FaultKind): FaultSupport {
  if (Object.hasOwn(nodeHarms, kind)) return true
  const simulated = simulatorFaultSupport(kind)
  if (simulated !== true) return simulated
  return MESSAGES.has(kind)
    ? true
    : { not: 'the messages of a Maelstrom program arrive whole', instead: ['partition', 'loss'] }
}

const MESSAGES: ReadonlySet<FaultKind> = new Set<FaultKind>([
  ...(['partition', 'blackhole', 'latency', 'bandwidth', 'drop-message', 'duplicate-message'] as const),
  ...(['reorder-message', 'delay-message'] as const),
])
