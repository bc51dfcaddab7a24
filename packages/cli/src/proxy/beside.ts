import { spawn } from 'node:child_process'
import { UserError } from '@chaosproxy/history'
import type { Logger } from 'pino'
import { EXIT, type ExitCode } from '../exit-code.ts'

export interface BesideOptions {
  readonly program: string
  readonly args: readonly string[]
  /** On top of ours. */
  readonly env: { readonly [name: string]: string }
  readonly log: Logger
}

export interface Beside {
  /** 0 where it ended with 0, violated where it did not. */
  readonly ended: Promise<ExitCode>
  /** Asks it to end, where it has not; resolves once it has. */
  stop(): Promise<void>
}

/** Runs another program for as long as the proxies are there: a test suite, say. It has our terminal. */
export function runBeside({ program, args, env, log }: BesideOptions): Beside {
  // On Windows, npm and its like are scripts, which only a shell runs.
  const shell = process.platform === 'win32'
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...env }, shell })
  let running = true
  const ended = new Promise<ExitCode>((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      running = false
      const why = error.code === 'ENOENT' ? 'there is no such program' : error.message
      reject(new UserError('usage', `${program}: ${why}. After -- stands the command to run while the proxies are up.`))
    })
    child.on('exit', (code, signal) => {
      running = false
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
