import type { EngineFault, NodeId } from '@chaosproxy/faults'
import type { CommandFault } from '../cluster/command-fault.ts'
import { allEnded, type CountedFault, counted, type RunningNode } from '../cluster/running-node.ts'
import type { Placeholders } from '../command/placeholders.ts'
import { runToEnd } from '../command/run-to-end.ts'
import type { Keeper } from '../keeper/keeper.ts'
import type { Handover } from '../network/node-harms.ts'
import type { ProgramCommand } from '../processes/command.ts'
import { killNow, startedIfItEnds, stopAgain, WATCHED_WITHIN_MS } from './as-found.ts'
import type { EngineProgram } from './engine.ts'
import { lessCpu, lessMemory, limitsOf } from './engine-limits.ts'
import type { OwnClock } from './own-clocks.ts'
import { filling, makingRoom, makingRoomLast } from './own-disks.ts'

interface EngineFaultsOptions {
  readonly id: NodeId
  readonly engine: EngineProgram
  readonly name: string
  readonly pid: () => number
  readonly clock?: OwnClock | undefined
  /** The mount point of the container's own disk on this machine, if it has one. */
  readonly disk?: string | undefined
  readonly placeholders: Placeholders
  readonly keeper: Keeper
  readonly logPath: string
}

interface EngineFaults {
  injectFault(fault: EngineFault): Promise<Handover>
  end(): Promise<void>
}

export const FAULT_WITHIN_MS = 30_000

/**
 * If this process is killed during a stop, the keeper gives the container this time to stop, and then kills it. Engines
 * would wait 10 s, and the service stays down while the container is stopping.
 */
const STOPS_WITHIN_MS = 250

type Node = Pick<RunningNode, 'kill' | 'revive' | 'life' | 'ready'>

type Undoing = Pick<CommandFault, 'undo' | 'undoLast' | 'turn'>

interface Shared extends EngineFaultsOptions {
  readonly node: Node
  /**
   * Injects a fault by a command, and undoes it after the last heal. At the first injection, `found` returns how to
   * undo it.
   */
  counting(key: string, by: ProgramCommand, found: () => Undoing): Promise<Handover>
  /** Starts the container after a fault that may have ended it, unless another fault keeps it down. */
  startAgain(): Promise<void>
}

/** Returns the faults of a container except kill and pause. */
export function engineFaults(options: EngineFaultsOptions, node: Node): EngineFaults {
  const { engine, name, keeper, id, logPath } = options
  const inForce = new Map<string, CountedFault>()
  const shared: Shared = {
    ...options,
    node,
    async counting(key, by, found) {
      const fault = inForce.get(key) ?? counted({ do: by, ...found(), timeoutMs: FAULT_WITHIN_MS }, options)
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
    async injectFault(fault) {
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
        case 'fill-disk':
          return withFullDisk(shared)
        case 'clock':
          return shared.clock?.move(fault) ?? NOTHING_DONE
      }
    },
    end: () => allEnded([...inForce.values()].map((fault) => fault.end())),
  }
}

async function stopped({ node, engine, name, keeper, id }: Shared): Promise<boolean> {
  const meanwhile = { timeoutMs: FAULT_WITHIN_MS, node: id, turn: 'meanwhile' } as const
  const forgets = [
    keeper.undoLater(stopAgain(engine, name), meanwhile),
    keeper.undoLater(killNow(engine, name), { ...meanwhile, afterMs: STOPS_WITHIN_MS }),
  ]
  try {
    return await node.kill({ words: [engine, 'stop', name] })
  } finally {
    for (const forget of forgets) forget()
  }
}

async function restarted(shared: Shared): Promise<Handover> {
  // A container that another fault keeps down must not be started by a heal.
  if (!shared.node.life().alive) return NOTHING_DONE
  const done = await stopped(shared)
  const back = shared.node.revive()
  // Counts the rejection as handled, because the heal awaits the same promise, and reports its failure.
  back.catch(() => {})
  return { done, undo: () => back }
}

async function signalled(shared: Shared, signal: string): Promise<Handover> {
  const { engine, name, node } = shared
  if (!node.life().alive) return NOTHING_DONE
  const by: ProgramCommand = { words: [engine, 'kill', '--signal', signal, name] }
  if (signal === 'SIGSTOP')
    return shared.counting(signal, by, () => ({
      undo: { words: [engine, 'kill', '--signal', 'SIGCONT', name] },
      turn: 'first',
    }))
  // `startAgain` starts the container, unless another fault keeps it down.
  const start = { undo: undefined, undoLast: { words: [engine, 'start', name] }, turn: 'start' } as const
  const ends = startedIfItEnds(engine, name, shared.pid())
  const forget = shared.keeper.undoLater(ends, { timeoutMs: WATCHED_WITHIN_MS, node: shared.id, turn: 'beside' })
  const { done, undo } = startingAgain(shared, await shared.counting(signal, by, () => start))
  return {
    done,
    async undo() {
      await undo()
      forget()
    },
  }
}

async function withLessCpu(shared: Shared, share: number): Promise<Handover> {
  if (!shared.node.life().alive) return NOTHING_DONE
  const { by, ...back } = lessCpu(shared, await limitsOf(shared), share)
  return shared.counting('limit-cpu', by, () => back)
}

async function withLessMemory(shared: Shared, limitBytes: number): Promise<Handover> {
  if (!shared.node.life().alive) return NOTHING_DONE
  const { by, ...back } = lessMemory(shared, await limitsOf(shared), limitBytes)
  return startingAgain(shared, await shared.counting('limit-memory', by, () => back))
}

async function withFullDisk(shared: Shared): Promise<Handover> {
  const { engine, name, disk } = shared
  if (disk === undefined) return NOTHING_DONE
  const filled = { engine, name, disk }
  const back = { undo: makingRoom(filled), undoLast: makingRoomLast(filled) }
  return startingAgain(shared, await shared.counting('fill-disk', filling(filled), () => back))
}

const startingAgain = (shared: Shared, { done, undo }: Handover): Handover => ({
  done,
  async undo() {
    // If this process dies between the heal and the start, only the keeper, which outlives it, can start the container.
    const { engine, name, keeper, id } = shared
    const forget = keeper.undoLater(
      { words: [engine, 'start', name] },
      { timeoutMs: FAULT_WITHIN_MS, node: id, turn: 'start' },
    )
    await undo()
    await shared.startAgain()
    forget()
  },
})

const NOTHING_DONE: Handover = { done: false, undo: async () => {} }
