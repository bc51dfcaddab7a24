import { spawn } from 'node:child_process'
import { EXIT, type ExitCode } from '@chaosproxy/engine/run'
import { usageError } from '@chaosproxy/history'
import { startWithThisThread } from '@chaosproxy/targets'
import type { Logger } from 'pino'

interface BesideOptions {
  readonly program: string
  readonly args: readonly string[]
  /** Variables added to this process's environment. */
  readonly env: { readonly [name: string]: string }
  readonly log: Logger
}

interface Beside {
  /** `met` if the program exits with 0, otherwise `violated`. */
  readonly ended: Promise<ExitCode>
  /** Terminates the program, and resolves after it has ended. */
  stop(): Promise<void>
}

/** Runs another program, such as a test suite, on this terminal while the proxies run. */
export function runBeside({ program, args, env, log }: BesideOptions): Beside {
  // On Windows, programs such as npm are scripts, which require a shell.
  const shell = process.platform === 'win32'
  // A child that is started in this way ends even if this process is killed.
  const { child, forget } = startWithThisThread(
    (marked) => spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...env, ...marked }, shell }),
    { forks: true },
  )
  let running = true
  const ended = new Promise<ExitCode>((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      running = false
      const why = error.code === 'ENOENT' ? 'there is no such program' : error.message
      reject(usageError(`${program}: ${why}. After --, give the command to run while the proxies are up.`))
    })
    child.on('exit', (code, signal) => {
      running = false
      forget()
      log.info({ program, code, signal }, 'the command has ended')
      resolve(code === 0 ? EXIT.met : EXIT.violated)
    })
  })
  return {
    ended,
    async stop() {
      if (running) child.kill('SIGTERM')
      await ended.catch(() => undefined)
    },
  }
}
