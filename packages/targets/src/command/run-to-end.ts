import { type CommandProcessOptions, type Exit, startCommand } from './command-process.ts'

export interface RunToEndOptions extends Omit<CommandProcessOptions, 'line' | 'finishesWithinMs'> {
  readonly timeoutMs: number
}

/**
 * Runs a command that exits by itself, such as `initdb`, with its output in the log. On timeout it is killed, and its
 * exit has the signal SIGKILL. Processes that it leaves running are ended, unless `forks` is false. The command is
 * completed even if this process dies meanwhile.
 *
 * @throws UserError (environment) if it cannot be started.
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
