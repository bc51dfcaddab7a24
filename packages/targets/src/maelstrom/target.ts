import type { FaultKind } from '@chaosproxy/faults'
import { didYouMean, millis, UserError } from '@chaosproxy/history'
import type { Suffering, Target } from '@chaosproxy/runner'
import { simulatorSuffers } from '@chaosproxy/simulator'
import { wordsOf } from '../command/words.ts'
import { nodeHarms } from '../network/node-harms.ts'
import { type RpcWorkload, rpcWorkloads } from './workloads.ts'

const MAELSTROM = 'maelstrom'

/**
 * A program that speaks Maelstrom's protocol, by its workload and command: `maelstrom:lin-kv:python3 ./node.py`.
 *
 * @throws UserError (usage) for an unknown workload or a missing command.
 */
export function maelstromTarget(reference: string): Target {
  const [, named = '', command = ''] = /^maelstrom:([^:]*):(.*)$/s.exec(reference) ?? []
  const rpc = workloadNamed(named)
  if (command === '') throw new UserError('usage', `${HOW}.`)
  const words = wordsOf(command, reference)
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

const HOW = 'say which program, and for which workload: chaos run --target maelstrom --bin ./node -w lin-kv'

function workloadNamed(name: string): RpcWorkload {
  const found = rpcWorkloads.find((each) => each.name === name)
  if (found !== undefined) return found
  const known = rpcWorkloads.map((each) => each.name)
  if (name === '') throw new UserError('usage', `${HOW}. Workloads: ${known.join(', ')}.`)
  throw new UserError(
    'usage',
    `maelstrom: there is no workload ${name}.${didYouMean(name, known)} Known: ${known.join(', ')}.`,
  )
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
