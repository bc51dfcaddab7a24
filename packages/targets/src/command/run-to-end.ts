import { environmentError, type UserError } from '@chaosproxy/history'
import { commandText, type ProgramCommand } from '../processes/command.ts'
import { type CommandProcessOptions, type Exit, howItEnded, startCommand } from './command-process.ts'
import { endOfLog } from './log-tail.ts'

interface RunToEndOptions extends Omit<CommandProcessOptions, 'finishesWithinMs'> {
  readonly timeoutMs: number
}

/**
 * Runs a command that exits by itself, such as `initdb`, and logs its output. On timeout the command is killed.
 * Processes that it leaves running are ended. With `forks` false they are kept, and the command runs to its end even if
 * this process dies.
 *
 * @throws UserError (environment) if the command cannot be started.
 */
export async function runToEnd({ timeoutMs, ...options }: RunToEndOptions): Promise<Exit> {
  const finishesWithinMs = options.forks === false ? timeoutMs : undefined
  const process = await startCommand({ ...options, finishesWithinMs })
  const timer = setTimeout(() => void process.kill(), timeoutMs)
  try {
    return await process.exited
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Runs a command that must succeed, before a node or a run starts.
 *
 * @throws UserError (environment) if the command cannot be started, or does not exit with 0.
 */
export async function runPreparation(where: string, options: RunToEndOptions): Promise<void> {
  const end = await runToEnd(options)
  if (end.code !== 0) throw failedCommand(where, options.command, howItEnded(end), options.logPath)
}

/** Returns the error for a command that did not exit with 0. */
export const failedCommand = (where: string, command: ProgramCommand, how: string, logPath: string): UserError =>
  environmentError(`${where}: ${commandText(command)} failed (${how}). ${endOfLog(logPath)}`)
