import { type CommandProcess, howItEnded, startCommand } from '../command/command-process.ts'
import type { Keeper } from '../keeper/keeper.ts'
import type { ProgramCommand } from '../processes/command.ts'

export interface ProgramProcess {
  readonly process: CommandProcess
  /** The number of the unanswered request. */
  owes: number | undefined
  /** A timer that kills the process unless the reply arrives first. It is set once the request has timed out. */
  late: NodeJS.Timeout | undefined
}

interface ProgramProcesses {
  /**
   * Resolves with an idle process, or else a new one.
   *
   * @throws UserError if the process cannot be started.
   */
  take(): Promise<ProgramProcess>
  ask(process: ProgramProcess, id: number, line: string): void
  /** Makes a process idle again: it has replied, or no request was sent to it. */
  release(process: ProgramProcess): void
  /** Kills the process of an unanswered request unless it replies in time. */
  killUnlessAnswered(id: number, withinMs: number): void
  end(graceMs: number): Promise<void>
}

interface ProgramProcessesOptions {
  readonly command: ProgramCommand
  readonly logPath: string
  readonly keeper: Keeper
  readonly heard: (process: ProgramProcess, line: string) => void
  /** Called when a process ended. `how`: `exit code 1`, or the name of a signal. */
  readonly ended: (process: ProgramProcess, how: string) => void
}

export function createProgramProcesses(options: ProgramProcessesOptions): ProgramProcesses {
  const { command, logPath, keeper, heard, ended } = options
  const idle = new Set<ProgramProcess>()
  const all = new Set<ProgramProcess>()
  const beginning = new Set<Promise<ProgramProcess>>()

  async function start(): Promise<ProgramProcess> {
    const line = (text: string) => heard(begun, text)
    const process = await startCommand({ name: 'the client', command, logPath, keeper, line })
    const begun: ProgramProcess = { process, owes: undefined, late: undefined }
    all.add(begun)
    void process.exited.then((exit) => {
      all.delete(begun)
      idle.delete(begun)
      clearTimeout(begun.late)
      ended(begun, howItEnded(exit))
    })
    return begun
  }

  async function started(): Promise<ProgramProcess> {
    const starting = start()
    beginning.add(starting)
    try {
      return await starting
    } finally {
      beginning.delete(starting)
    }
  }

  return {
    async take() {
      // Takes the process that became idle last, so that clients use as few processes as possible.
      const free = [...idle].at(-1)
      if (free === undefined) return started()
      idle.delete(free)
      return free
    },
    ask(owner, id, line) {
      owner.owes = id
      owner.process.write(line)
    },
    release(free) {
      free.owes = undefined
      clearTimeout(free.late)
      free.late = undefined
      idle.add(free)
    },
    killUnlessAnswered(id, withinMs) {
      const owing = [...all].find(({ owes }) => owes === id)
      if (owing !== undefined) owing.late = setTimeout(() => void owing.process.kill(), withinMs)
    },
    async end(graceMs) {
      await Promise.allSettled(beginning)
      await Promise.all(
        [...all].map(({ process, late }) => {
          clearTimeout(late)
          return process.end(graceMs)
        }),
      )
    },
  }
}
