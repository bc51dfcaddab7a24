import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A process of a measurement, which answers one request at a time. */
export interface Helper {
  ask<Answer>(request: object): Promise<Answer>
  stop(): void
  /** With no time to put anything in order. */
  kill(): void
}

export interface Surroundings {
  /** The network namespace to start in, as `ip netns` has it. */
  readonly inside?: string
  readonly environment?: { readonly [name: string]: string }
}

/** Starts one of the programs beside this file, or the one at a URL. */
export function startHelper(
  program: string | URL,
  options: readonly string[] = [],
  { inside, environment }: Surroundings = {},
): Helper {
  const entering =
    inside === undefined
      ? { execArgv: [...options] }
      : { execPath: 'nsenter', execArgv: [`--net=/run/netns/${inside}`, '--', process.execPath, ...options] }
  const child: ChildProcess = fork(fileURLToPath(new URL(program, import.meta.url)), {
    ...entering,
    env: { ...process.env, ...environment },
  })
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${program} ended by itself, with ${signal ?? `code ${code}`}`)
  })
  // In the end it is stopped, when nothing is asked any more.
  ended.catch(() => undefined)
  return {
    async ask<Answer>(request: object) {
      const answered = once(child, 'message')
      child.send(request)
      const [answer] = await Promise.race([answered, ended])
      return answer as Answer
    },
    stop: () => void child.kill(),
    kill: () => void child.kill('SIGKILL'),
  }
}

/** In a helper: what answers its requests. */
export function serveRequests<Request>(answer: (request: Request) => Promise<object>): void {
  process.on('message', async (request: Request) => {
    process.send?.(await answer(request))
  })
  // However the measurement ended.
  process.on('disconnect', () => process.exit())
}
