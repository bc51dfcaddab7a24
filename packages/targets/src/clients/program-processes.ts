import { type CommandProcess, startCommand } from '../command/command-process.ts'
import type { Keeper } from '../keeper/keeper.ts'
import type { ProgramCommand } from '../processes/command.ts'

/** One process of the user's program. */
export interface ProgramProcess {
  readonly process: CommandProcess
  /** The number of the request it has yet to answer. */
  owes: number | undefined
  /** Set once nobody waits for its answer any more: it is killed if the answer does not follow. */
  late: NodeJS.Timeout | undefined
}

/** The processes of one program, each with at most one request. */
export interface ProgramProcesses {
  /** One that has nothing to do, or else a new one. @throws UserError if it cannot be started. */
  take(): Promise<ProgramProcess>
  /** Writes the line of a request, which it is to answer. */
  ask(process: ProgramProcess, id: number, line: string): void
  /** It has answered, or was not asked after all. */
  release(process: ProgramProcess): void
  /** Kills the process that has yet to answer a request, if it does not answer soon. */
  killUnlessAnswered(id: number, withinMs: number): void
  /** Ends all of them, those that are being started too. */
  end(graceMs: number): Promise<void>
}

interface ProgramProcessesOptions {
  readonly command: ProgramCommand
  readonly logPath: string
  readonly keeper: Keeper
  /** A process wrote a line. */
  readonly heard: (process: ProgramProcess, line: string) => void
  /** A process ended: `exit code 1`, or the name of a signal. */
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
    void process.exited.then(({ code, signal }) => {
      all.delete(begun)
      idle.delete(begun)
      clearTimeout(begun.late)
      ended(begun, signal === null ? `exit code ${code}` : signal)
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
      // The one used last, so that as few as possible are in use.
      const free = [...idle].at(-1)
      if (free === undefined) return started()
      idle.delete(free)
      return free
    },
    ask(asked, id, line) {
      asked.owes = id
      asked.process.tell(line)
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
