import type { NodeId } from '@chaosproxy/faults'
import { environmentError } from '@chaosproxy/history'
import { howItEnded } from '../command/command-process.ts'
import { fillCommand, type Placeholders } from '../command/placeholders.ts'
import { attemptFor, type Readiness, readinessText } from '../command/readiness.ts'
import { failedCommand, runToEnd } from '../command/run-to-end.ts'
import type { Keeper } from '../keeper/keeper.ts'
import type { ProgramCommand } from '../processes/command.ts'
import { inTurn } from '../processes/in-turn.ts'
import type { CommandFault } from './command-fault.ts'
import type { Addresses } from './node-placeholders.ts'
import type { ServingNode } from './open-cluster.ts'

export interface RunningNodeOptions {
  readonly id: NodeId
  readonly addresses: Addresses
  readonly placeholders: Placeholders
  readonly faults: { readonly kill?: CommandFault | undefined; readonly pause?: CommandFault | undefined }
  readonly readiness: Readiness
  /** The time limit for the node to become ready, at the start and after a kill. */
  readonly timeoutMs: number
  readonly keeper: Keeper
  readonly logPath: string
}

/** A node that was started elsewhere, with commands for its faults. */
export interface RunningNode extends ServingNode {
  /** Kills the node: by the given command, or else by the usual one. The heal is the same for both. */
  kill(by?: ProgramCommand): Promise<boolean>
  /** @throws UserError (environment) if the node does not become ready in time. */
  ready(signal?: AbortSignal): Promise<void>
  /** Tries to heal every fault still in force. Rejects if any heal fails. */
  end(): Promise<void>
}

const TRY_EVERY_MS = 50

export function runningNode(options: RunningNodeOptions): RunningNode {
  const { id, faults, keeper, logPath, readiness, timeoutMs } = options
  const isReady = attemptFor(readiness, { name: id, keeper, logPath, logOffset: 0 })
  let life = { number: 0, alive: true }
  const kill = counted(faults.kill, options)
  const pause = counted(faults.pause, options)

  async function ready(signal?: AbortSignal): Promise<void> {
    const deadline = performance.now() + timeoutMs
    while (!(await isReady())) {
      signal?.throwIfAborted()
      if (performance.now() >= deadline)
        throw environmentError(
          `${id} was not ready within ${timeoutMs} ms. A node is ready once it ${readinessText(readiness)}. Check that ${id} is up, and that the address is right.`,
        )
      await new Promise((resolve) => setTimeout(resolve, TRY_EVERY_MS))
    }
  }

  return {
    id,
    addresses: options.addresses,
    placeholders: () => options.placeholders,
    life: () => life,
    pid: () => undefined,
    command: () => undefined,
    ready,
    async kill(by) {
      const bit = await kill.do(by)
      if (life.alive) life = { number: life.number + 1, alive: false }
      return bit
    },
    async revive() {
      if (!(await kill.undo())) return
      await ready()
      life = { number: life.number + 1, alive: true }
    },
    pause: () => pause.do(),
    async resume() {
      await pause.undo()
    },
    end: () => allEnded([kill.end(), pause.end()]),
  }
}

/** Waits until all promises have settled, and rejects with the first failure. */
export async function allEnded(ends: readonly Promise<void>[]): Promise<void> {
  const ended = await Promise.allSettled(ends)
  const failed = ended.find((end) => end.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

export interface CountedFault {
  /**
   * Injects the fault, with the given command in place of the usual one. Resolves with whether the fault is in force.
   */
  do(by?: ProgramCommand): Promise<boolean>
  undo(): Promise<boolean>
  end(): Promise<void>
}

/**
 * Treats overlapping faults as one: the first start injects it, and the last end heals it. If this process dies, the
 * keeper heals it.
 */
export function counted(
  fault: CommandFault | undefined,
  { id, placeholders, keeper, logPath }: Pick<RunningNodeOptions, 'id' | 'placeholders' | 'keeper' | 'logPath'>,
): CountedFault {
  let count = 0
  let forget: (() => void) | undefined
  /** Runs injections and heals one after another, so that an injection waits until a running heal has ended. */
  const next = inTurn()

  async function run(command: ProgramCommand, timeoutMs: number): Promise<void> {
    const filled = fillCommand(command, placeholders)
    // With `forks: false`, a node that the command has started survives the end of the command.
    const exit = await runToEnd({ name: id, command: filled, keeper, logPath, timeoutMs, forks: false })
    if (exit.code === 0) return
    const how = exit.signal === 'SIGKILL' ? `it took longer than ${timeoutMs} ms` : howItEnded(exit)
    throw failedCommand(id, filled, how, logPath)
  }

  async function undoNow(by = fault?.undo): Promise<void> {
    if (forget === undefined || fault === undefined) return
    if (by !== undefined) await run(by, fault.timeoutMs)
    forget()
    forget = undefined
  }

  return {
    do: (by = fault?.do) =>
      next(async () => {
        if (fault === undefined || by === undefined) throw new Error('it is refused before')
        count++
        if (count > 1 || forget !== undefined) return true
        const last = fault.undoLast ?? fault.undo
        forget =
          last === undefined
            ? () => {}
            : keeper.undoLater(fillCommand(last, placeholders), {
                timeoutMs: fault.timeoutMs,
                node: id,
                turn: fault.turn,
              })
        try {
          await run(by, fault.timeoutMs)
        } catch (error) {
          count--
          // A failed command may still have taken effect.
          await undoNow().catch(() => {})
          throw error
        }
        return true
      }),
    undo: () =>
      next(async () => {
        count--
        if (count > 0) return false
        await undoNow()
        return true
      }),
    end: () => next(() => undoNow(fault?.undoLast)),
  }
}
