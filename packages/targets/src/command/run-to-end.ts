import type { CommandProcessOptions, Exit } from './command-process.ts'
import { startCommand } from './command-process.ts'

export interface RunToEndOptions extends Omit<CommandProcessOptions, 'line'> {
  readonly timeoutMs: number
}

/**
 * Runs a command that ends by itself, as `initdb` does; what it prints goes to the log. One that takes longer is killed,
 * and its exit then has the signal SIGKILL. What it leaves running is ended, unless it is said not to fork.
 *
 * @throws UserError (environment) where it cannot be started.
 */
export async function runToEnd({ timeoutMs, ...options }: RunToEndOptions): Promise<Exit> {
  const process = await startCommand(options)
  const timer = setTimeout(() => void process.kill(), timeoutMs)
  try {
    return await process.exited
  } finally {
    clearTimeout(timer)
  }
}
