import { cpus as processors, totalmem } from 'node:os'
import type { EngineFault, NodeId } from '@chaosproxy/faults'
import { type CountedFault, counted, type RunningNode } from '../cluster/running-node.ts'
import type { ProgramCommand } from '../command/command.ts'
import type { Keeper } from '../command/keeper.ts'
import type { Placeholders } from '../command/placeholders.ts'
import { runToEnd } from '../command/run-to-end.ts'
import type { Handover } from '../network/node-harms.ts'
import { askEngine, type EngineProgram } from './engine.ts'

export interface EngineFaultsOptions {
  readonly id: NodeId
  readonly engine: EngineProgram
  /** The container's name. */
  readonly name: string
  readonly placeholders: Placeholders
  readonly keeper: Keeper
  readonly logPath: string
}

export interface EngineFaults {
  suffer(fault: EngineFault): Promise<Handover>
  /** Heals what is still in force. */
  end(): Promise<void>
}

export const FAULT_WITHIN_MS = 30_000

type Node = Pick<RunningNode, 'kill' | 'revive' | 'life' | 'ready'>

/** What the faults of one container share. */
interface Shared extends EngineFaultsOptions {
  readonly node: Node
  /** Injects by a command what is undone once everybody has healed it. `found` is asked when it is injected first. */
  counting(key: string, by: ProgramCommand, found: () => ProgramCommand): Promise<Handover>
  /** Whatever may have ended the process is over: it runs again, unless another fault keeps it down. */
  startAgain(): Promise<void>
}

/** The faults that an engine's commands inject into a container, besides kill and pause. */
export function engineFaults(options: EngineFaultsOptions, node: Node): EngineFaults {
  const { engine, name, keeper, id, logPath } = options
  const inForce = new Map<string, CountedFault>()
  const shared: Shared = {
    ...options,
    node,
    async counting(key, by, found) {
      const fault = inForce.get(key) ?? counted({ do: by, undo: found(), timeoutMs: FAULT_WITHIN_MS }, options)
      inForce.set(key, fault)
      return { done: await fault.do(by), undo: async () => void (await fault.undo()) }
    },
    async startAgain() {
      if (!node.life().alive) return
      const command = { words: [engine, 'start', name] } as const
      await runToEnd({ name: id, command, keeper, logPath, timeoutMs: FAULT_WITHIN_MS, forks: false })
      await node.ready()
    },
  }
  return {
    async suffer(fault) {
      switch (fault.kind) {
        case 'stop':
          return { done: await stopped(shared), undo: () => node.revive() }
        case 'restart':
          return restarted(shared)
        case 'signal':
          return signalled(shared, fault.signal)
        case 'limit-cpu':
          return withLessCpu(shared, fault.share)
        case 'limit-memory':
          return withLessMemory(shared, fault.limitBytes)
      }
    },
    async end() {
      const ended = await Promise.allSettled([...inForce.values()].map((fault) => fault.end()))
      const failed = ended.find((end) => end.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    },
  }
}

const stopped = ({ node, engine, name }: Shared): Promise<boolean> => node.kill({ words: [engine, 'stop', name] })

async function restarted(shared: Shared): Promise<Handover> {
  // What another fault keeps down has no process to harm, and healing must not start it.
  if (!shared.node.life().alive) return NOTHING_DONE
  const done = await stopped(shared)
  const back = shared.node.revive()
  // Whoever heals it learns of a failure.
  back.catch(() => {})
  return { done, undo: () => back }
}

async function signalled(shared: Shared, signal: string): Promise<Handover> {
  const { engine, name, node } = shared
  if (!node.life().alive) return NOTHING_DONE
  const by: ProgramCommand = { words: [engine, 'kill', '--signal', signal, name] }
  if (signal === 'SIGSTOP')
    return shared.counting(signal, by, () => ({ words: [engine, 'kill', '--signal', 'SIGCONT', name] }))
  return startingAgain(shared, await shared.counting(signal, by, () => ({ words: [engine, 'start', name] })))
}

async function withLessCpu(shared: Shared, share: number): Promise<Handover> {
  if (!shared.node.life().alive) return NOTHING_DONE
  const { cpus, quota, period } = await limitsOf(shared)
  // A limit that the Compose file gives as a number of processors cannot be changed as a quota.
  if (cpus > 0) {
    const limit = update(shared, ['--cpus', String(share)])
    return shared.counting('limit-cpu', limit, () => update(shared, ['--cpus', String(cpus)]))
  }
  const before =
    quota > 0 ? quotaOf(quota, period || PERIOD_MICROS) : quotaOf(processors().length * PERIOD_MICROS, PERIOD_MICROS)
  const limit = update(shared, quotaOf(share * PERIOD_MICROS, PERIOD_MICROS))
  return shared.counting('limit-cpu', limit, () => update(shared, before))
}

async function withLessMemory(shared: Shared, limitBytes: number): Promise<Handover> {
  if (!shared.node.life().alive) return NOTHING_DONE
  const { memoryBytes, swapBytes } = await limitsOf(shared)
  const before =
    memoryBytes > 0 ? memoryOf(memoryBytes, swapBytes || memoryBytes) : memoryOf(totalmem(), 2 * totalmem())
  const limit = update(shared, memoryOf(limitBytes, limitBytes))
  return startingAgain(shared, await shared.counting('limit-memory', limit, () => update(shared, before)))
}

const startingAgain = (shared: Shared, { done, undo }: Handover): Handover => ({
  done,
  async undo() {
    await undo()
    await shared.startAgain()
  },
})

const NOTHING_DONE: Handover = { done: false, undo: async () => {} }

// Not every engine has a word for no limit: all that the machine has comes to the same.
const PERIOD_MICROS = 100_000

const update = ({ engine, name }: Shared, limits: readonly string[]): ProgramCommand => ({
  words: [engine, 'update', ...limits, name],
})

const quotaOf = (quotaMicros: number, periodMicros: number): readonly string[] => [
  `--cpu-period=${periodMicros}`,
  `--cpu-quota=${Math.round(quotaMicros)}`,
]

const memoryOf = (bytes: number, withSwapBytes: number): readonly string[] => [
  `--memory=${bytes}`,
  `--memory-swap=${withSwapBytes}`,
]

interface Limits {
  readonly cpus: number
  readonly quota: number
  readonly period: number
  readonly memoryBytes: number
  /** Memory and swap together. */
  readonly swapBytes: number
}

const LIMITS = ['NanoCpus', 'CpuQuota', 'CpuPeriod', 'Memory', 'MemorySwap'].map((each) => `{{.HostConfig.${each}}}`)

async function limitsOf({ engine, name }: Shared): Promise<Limits> {
  const said = await askEngine(engine, ['inspect', '--type', 'container', '--format', LIMITS.join(' '), name])
  const [nanoCpus = 0, quota = 0, period = 0, memoryBytes = 0, swapBytes = 0] = said.trim().split(' ').map(Number)
  return { cpus: nanoCpus / 1e9, quota, period, memoryBytes, swapBytes }
}
