import { type CommandProcessOptions, type Exit, startCommand } from './command-process.ts'

export interface RunToEndOptions extends Omit<CommandProcessOptions, 'line' | 'finishesWithinMs'> {
  readonly timeoutMs: number
}

/**
 * Runs a command that exits by itself, such as `initdb`, and appends its output to the log. On timeout the command is
 * killed, and its exit has the signal SIGKILL. Processes that the command leaves running are ended, unless `forks` is
 * false. With `forks` false, the command runs to its end even if this process dies.
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
